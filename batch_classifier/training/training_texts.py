"""What a prompt's model is trained on: texts whose class is known, from the tables and from the prompt file."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse import training_texts as queries
from batch_classifier.warehouse.interface import Warehouse

MOST_TEXTS = 50_000
"""More texts are not trained on: what a linear model learns of so many changes little with more."""
# Their features take about as much memory again.
_MOST_BYTES = 100_000_000


class Origin(StrEnum):
    """Who said the class of a text, in the order in which they are believed."""

    CORRECTION = "correction"
    LABEL = "label"
    EXAMPLE = "example"
    MODEL_ANSWER = "model_answer"


_ORIGINS = {
    queries.CORRECTION: Origin.CORRECTION,
    queries.LABEL: Origin.LABEL,
    queries.MODEL_ANSWER: Origin.MODEL_ANSWER,
}


@dataclass(frozen=True)
class TrainingText:
    """A text whose class is known, and by whom."""

    text_id: str
    text: str
    class_name: str
    origin: Origin


@dataclass(frozen=True)
class TrainingTexts:
    """The texts that count, by their ids, each once.

    Attributes:
        texts: those that a model is trained on.
        left_out: of those that were found, how many were beyond `MOST_TEXTS`.
        contradicting: how many texts have labels that contradict each other, equally often.
    """

    texts: Sequence[TrainingText]
    left_out: int = 0
    contradicting: int = 0

    @property
    def by_origin(self) -> dict[str, int]:
        """How many there are from each origin that there are some from."""
        counts = Counter(text.origin for text in self.texts)
        return {str(origin): counts[origin] for origin in Origin if counts[origin]}


def read_training_texts(
    warehouse: Warehouse, prompt: Prompt, class_of: Callable[[str], str | None], most_texts: int | None = None
) -> TrainingTexts:
    """What the prompt's `local_model.learn_from` names, and the examples of the prompt file, each distinct text once.

    Args:
        warehouse: where the tables are.
        prompt: whose texts they are.
        class_of: the category that a label means, as a file spells it; None for one that means none.
        most_texts: how many are read of the tables at most; `MOST_TEXTS` by default.
    """
    answers_of = [prompt.model.id] if "answers" in prompt.local_model.learn_from else []
    names = _names(warehouse, prompt, class_of) if "labels" in prompt.local_model.learn_from else {}
    (counts,) = warehouse.query(prompt.name, queries.counts(warehouse, prompt, names, answers_of))
    sql = queries.training_texts(warehouse, prompt, names, answers_of, most_texts or MOST_TEXTS, _MOST_BYTES)
    texts: dict[str, TrainingText] = {}
    with warehouse.stream(prompt.name, sql) as batches:
        for row in (row for batch in batches for row in batch.to_pylist()):
            if row["text"]:
                texts[row["text_id"]] = TrainingText(
                    row["text_id"], row["text"], row["class"], _ORIGINS[row["priority"]]
                )
    read = len(texts)
    for example in examples_of(prompt):
        known = texts.get(example.text_id)
        if known is None or known.origin is Origin.MODEL_ANSWER:
            texts[example.text_id] = example
    ordered = [texts[key] for key in sorted(texts)]
    return TrainingTexts(ordered, int(counts["texts"]) - read, int(counts["contradicting"]))


def _names(warehouse: Warehouse, prompt: Prompt, class_of: Callable[[str], str | None]) -> dict[str, str]:
    """The category that each spelling of a label means that stands in a request file."""
    with warehouse.stream(prompt.name, queries.spellings(warehouse, prompt)) as batches:
        found = sorted(row["expected_class"] for batch in batches for row in batch.to_pylist())
    return {spelling: name for spelling in found if (name := class_of(spelling)) is not None}


def examples_of(prompt: Prompt) -> Iterator[TrainingText]:
    """The examples of the prompt file; of a text that is an example of two categories, the first."""
    seen = set()
    for category in prompt.categories:
        for example in category.examples:
            own = text_id(example, prompt.same_text)
            if own not in seen:
                seen.add(own)
                yield TrainingText(own, example, category.name, Origin.EXAMPLE)
