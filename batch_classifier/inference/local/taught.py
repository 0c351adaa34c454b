"""What a prompt's own model has to say in the local engine, beside what that knows of descriptions, examples and conversations.

How far the model is followed is learned when it is trained (`labelled`), for dialogues and for other texts apart. Where the engine alone
is as good, the model has no say.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch_classifier.inference.local.combination import FEWEST_EXAMPLES, Combination
from batch_classifier.inference.local.embeddings import EmbeddingClassifier, Opinion, engine_id
from batch_classifier.inference.local.labelled import LabelledTexts, learn_from
from batch_classifier.inference.local.long_texts import READ_CHARACTERS
from batch_classifier.inference.local.strangers import Border
from batch_classifier.language.other_subjects import OTHER_SUBJECTS
from batch_classifier.language.same_text import SameText
from batch_classifier.language.text_id import text_id
from batch_classifier.language.word_vectors import one_thread
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.prompts.version import hash_of
from batch_classifier.training.learning_curve import judged_texts
from batch_classifier.training.local_model import LocalModel
from batch_classifier.training.training_texts import Origin, TrainingText

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# So many say how far to follow the model as well as all, which would take minutes to read.
_MOST_TEXTS = 2_000
_KINDS = ("plain", "spoken")


@dataclass(frozen=True)
class Taught:
    """A prompt's model, and how to take it together with the evidence.

    Attributes:
        plain: of a text; None where the model has no say.
        spoken: of a dialogue; likewise.
        same_text: which texts are the same, as the prompt says.
    """

    model: LocalModel
    plain: Combination | None
    spoken: Combination | None
    same_text: SameText = "exact"

    def judge_of(self, is_dialogue: bool) -> Combination | None:
        """How to judge a text of this kind; None where the model has no say."""
        return self.spoken if is_dialogue else self.plain

    def log_shares(self, texts: Sequence[str]) -> "Floats":
        """What the model says of these texts: of one that it was trained on, what it would say had it not been."""
        read = [text[:READ_CHARACTERS] for text in texts]
        ids = [text_id(text, self.same_text) for text in texts]
        said = self.model.log_shares(read)
        seen = [place for place, one in enumerate(ids) if one in self.model.trained_on.text_ids]
        if seen:
            said[seen] = self.model.out_of_fold([ids[place] for place in seen], [read[place] for place in seen])
        return said


class LocalEngine:
    """The engine as what follows a trained model."""

    def version(self, prompt: Prompt) -> str:
        """The engine's version, and what it knows of the prompt."""
        known = [[category.model_dump() for category in prompt.categories], prompt.fallback.name]
        return f"{engine_id(prompt.fallback.strictness)}/{hash_of(known)}"

    def learn(self, prompt: Prompt, model: LocalModel, texts: Sequence[TrainingText]) -> Mapping[str, Any]:
        """How far to follow the model, in a form that its file can hold."""
        import numpy as np

        aside = set(model.trained_on.set_aside)
        judged = [
            text for text in judged_texts(texts) if text.origin is not Origin.EXAMPLE and text.text_id not in aside
        ][:_MOST_TEXTS]
        found: dict[str, Any] = {"version": self.version(prompt)}
        if len(judged) < FEWEST_EXAMPLES:
            return found
        fallback, strictness = prompt.fallback.name, prompt.fallback.strictness
        engine = EmbeddingClassifier(prompt.categories, fallback, strictness)
        opinions = engine.opinions([text.text for text in judged])
        with one_thread():
            said = model.out_of_fold([text.text_id for text in judged], [text.text for text in judged])
            said_of_others = model.log_shares(OTHER_SUBJECTS)
        truth = np.array([model.classes.index(text.class_name) for text in judged])
        others = _known(engine.opinions(OTHER_SUBJECTS), said_of_others, np.zeros(0, np.int64))
        for kind, is_dialogue in zip(_KINDS, (False, True), strict=True):
            own = [place for place, opinion in enumerate(opinions) if opinion.is_dialogue == is_dialogue]
            if len(own) < FEWEST_EXAMPLES:
                continue
            known = _known([opinions[place] for place in own], said[own], truth[own])
            combination = learn_from(known, others, strictness, model.classes.index(fallback))
            if combination is not None:
                found[kind] = dataclasses.asdict(combination)
        return found


def taught_of(prompt: Prompt, model: LocalModel) -> Taught | None:
    """The prompt's model as the engine takes it; None where it has no say, or was taught for another engine."""
    if model.engine.get("version") != LocalEngine().version(prompt):
        return None
    plain, spoken = (_combination(model.engine.get(kind)) for kind in _KINDS)
    return Taught(model, plain, spoken, prompt.same_text) if plain or spoken else None


def _known(opinions: Sequence[Opinion], said: "Floats", truth: "NDArray[np.int64]") -> LabelledTexts:
    import numpy as np

    return LabelledTexts(
        evidence=np.array([opinion.evidence for opinion in opinions]),
        said=said,
        similar=np.array([opinion.similarity for opinion in opinions]),
        truth=truth,
        alone=np.array([opinion.shares for opinion in opinions]),
    )


def _combination(fields: Mapping[str, Any] | None) -> Combination | None:
    if fields is None:
        return None
    border = fields["border"]
    if border is not None:
        border = Border(**{**border, **{name: tuple(border[name]) for name in ("weights", "own_scores")}})
    return Combination(**{**fields, "border": border})
