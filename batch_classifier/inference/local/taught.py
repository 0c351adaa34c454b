"""What a prompt's own model has to say in the local engine, beside what that knows of descriptions, examples and conversations.

How far the model is followed is learned when it is trained, from texts whose class people have said: the engine has not seen them, and
each is judged by the model's head that has not seen it either. Dialogues and other texts are learned of apart. Where the engine alone
is as good, the model has no say.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch_classifier.inference.local.combination import FEWEST_TEXTS, Combination, taught_by
from batch_classifier.inference.local.embeddings import EmbeddingClassifier, engine_id
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
    """

    model: LocalModel
    plain: Combination | None
    spoken: Combination | None

    def judge_of(self, is_dialogue: bool) -> Combination | None:
        """How to judge a text of this kind; None where the model has no say."""
        return self.spoken if is_dialogue else self.plain

    def log_shares(self, texts: Sequence[str]) -> "Floats":
        """What the model says of these texts: of one that it was trained on, what it would say had it not been."""
        ids = [text_id(text) for text in texts]
        said = self.model.log_shares(texts)
        seen = [place for place, one in enumerate(ids) if one in self.model.trained_on.text_ids]
        if seen:
            said[seen] = self.model.out_of_fold([ids[place] for place in seen], [texts[place] for place in seen])
        return said


class LocalEngine:
    """The engine as what follows a trained model."""

    def version(self, prompt: Prompt) -> str:
        """What a model that was taught for another version is of no use to."""
        return engine_version(prompt)

    def learn(self, prompt: Prompt, model: LocalModel, texts: Sequence[TrainingText]) -> Mapping[str, Any]:
        """How far to follow the model, in a form that its file can hold."""
        return teach(prompt, model, texts)


def engine_version(prompt: Prompt) -> str:
    """What tells whether a model was taught for the engine as it is: its version, and what it knows of the prompt."""
    known = [[category.model_dump() for category in prompt.categories], prompt.fallback.name]
    return f"{engine_id(prompt.fallback.strictness)}/{hash_of(known)}"


def teach(prompt: Prompt, model: LocalModel, texts: Sequence[TrainingText]) -> dict[str, Any]:
    """How far the engine is to follow the model, in a form that its file can hold."""
    import numpy as np

    judged = [text for text in judged_texts(texts) if text.origin is not Origin.EXAMPLE][:_MOST_TEXTS]
    engine = EmbeddingClassifier(prompt.categories, prompt.fallback.name, prompt.fallback.strictness)
    found: dict[str, Any] = {"version": engine_version(prompt)}
    if not judged:
        return found
    with one_thread():
        readings = engine.read([text.text for text in judged])
        said = model.out_of_fold([text.text_id for text in judged], [text.text for text in judged])
    truth = np.array([model.classes.index(text.class_name) for text in judged])
    for kind, is_dialogue in zip(_KINDS, (False, True), strict=True):
        places = np.flatnonzero(readings.are_dialogues == is_dialogue)
        if len(places) < FEWEST_TEXTS:
            continue
        combination = taught_by(
            readings.evidence[places],
            said[places],
            readings.similar[places],
            truth[places],
            prompt.fallback.strictness,
            model.classes.index(prompt.fallback.name),
        )
        alone = readings.shares[places, truth[places]]
        with_model = combination.shares(readings.evidence[places], said[places])[np.arange(len(places)), truth[places]]
        if combination.head_weight > 0 and _loss(with_model) < _loss(alone):
            found[kind] = dataclasses.asdict(combination)
    return found


def taught_of(prompt: Prompt, model: LocalModel) -> Taught | None:
    """The prompt's model as the engine takes it; None where it has no say, or was taught for another engine."""
    if model.engine.get("version") != engine_version(prompt):
        return None
    plain, spoken = (_combination(model.engine.get(kind)) for kind in _KINDS)
    return Taught(model, plain, spoken) if plain or spoken else None


def _combination(fields: Mapping[str, Any] | None) -> Combination | None:
    return None if fields is None else Combination(**fields)


def _loss(shares: "NDArray[np.float64]") -> float:
    import numpy as np

    return float(-np.log(np.maximum(shares, 1e-9)).mean())
