"""Which corrected texts become examples in the prompt file: those that a person names, or those that say most that is new."""

import re
from collections.abc import Collection, Iterable, Sequence

from batch_classifier.corrections.history import State, listed_corrections
from batch_classifier.corrections.labels import Label, labels
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.wording import fit_line

# Every text of the prompt is read with each question, and paid for: longer ones a person has to name.
LONGEST_EXAMPLE = 600
# The newest of each category are compared with each other.
_MOST_COMPARED = 1_000
_WORD = re.compile(r"\w+")
_LONGEST_SHOWN = 40


def named_examples(warehouse: Warehouse, prompt: Prompt, keys: Collection[str]) -> dict[str, list[str]]:
    """The corrected texts of these text ids, or of the record ids by which they were corrected, by category.

    Raises ClassifierError for a key that names none, or more than one.
    """
    wanted: dict[str, str] = {}
    with listed_corrections(warehouse, prompt) as corrections:
        for one in corrections:
            if one.state is not State.HOLDS:
                continue
            for key in set(keys).intersection([one.text_id, one.record_id or ""]):
                if wanted.setdefault(key, one.text_id) != one.text_id:
                    raise ClassifierError(
                        f"Several texts were corrected by the id {_shown(key)}; name one by its text id."
                    )
    for key in keys:
        if key not in wanted:
            raise ClassifierError(
                f"No correction of {prompt.name} holds for {_shown(key)}; `batch-classifier corrections --list` has their ids."
            )
    text_ids = set(wanted.values())
    found: dict[str, list[str]] = {}
    with labels(warehouse, prompt) as known:
        for label in known:
            if label.text_id in text_ids:
                found.setdefault(label.class_name, []).append(label.text)
                text_ids.discard(label.text_id)
    if text_ids:
        raise ClassifierError(
            f"The text {min(text_ids)} did not go through the masking that {prompt.name} has now, so it is no example; run its file again."
        )
    return found


def useful_examples(warehouse: Warehouse, prompt: Prompt, most: int) -> dict[str, list[str]]:
    """Up to so many corrected texts of each category: each the one whose words differ most from the examples before it."""
    candidates: dict[str, list[Label]] = {name: [] for name in prompt.class_names}
    with labels(warehouse, prompt) as known:
        for label in known:
            of_class = candidates[label.class_name]
            if len(label.text) <= LONGEST_EXAMPLE and len(of_class) < _MOST_COMPARED:
                of_class.append(label)
    there = {category.name: category.examples for category in prompt.categories}
    chosen = {name: _most_different(there[name], [one.text for one in some], most) for name, some in candidates.items()}
    return {name: texts for name, texts in chosen.items() if texts}


def _most_different(there: Iterable[str], texts: Sequence[str], most: int) -> list[str]:
    """Chosen one after another; of equals the first, which is the newest."""
    words = [_words(text) for text in texts]
    # How like each text is to the most alike of those that are examples by now, 0 to 1.
    likeness = [max((_likeness(one, _words(example)) for example in there), default=0.0) for one in words]
    chosen: list[str] = []
    while len(chosen) < most:
        place = min(range(len(texts)), key=lambda at: (likeness[at], at), default=None)
        if place is None or likeness[place] >= 1:
            break
        chosen.append(texts[place])
        likeness = [max(before, _likeness(one, words[place])) for before, one in zip(likeness, words, strict=True)]
    return chosen


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of their words that two texts have in common."""
    together = len(one | other)
    return len(one & other) / together if together else 1.0


def _shown(key: str) -> str:
    return repr(fit_line(key, _LONGEST_SHOWN))
