"""From texts whose class is known to a prompt's model."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from batch_classifier.errors import ClassifierError
from batch_classifier.language.trained_head import TrainedHead
from batch_classifier.language.word_vectors import one_thread
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.local_model import LocalModel, TrainedOn, by_folds, calibrated, fold_of
from batch_classifier.training.training_texts import Origin, TrainingText, TrainingTexts
from batch_classifier.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Part of every digest: raise it when the same texts give another model.
_FORM = 1
# With fewer texts nothing can be said of how right the model is.
FEWEST_TEXTS = 20
_FOLDS = 5
# With many texts fewer folds say as much, in less time.
_MANY_TEXTS, _FOLDS_OF_MANY = 10_000, 3


def train(prompt: Prompt, training: TrainingTexts) -> LocalModel:
    """Train a prompt's model; the same texts give the same model.

    The categories' descriptions are trained on too, so that there is something of each. Raises ClassifierError where the texts are
    too few, or all of one category.
    """
    texts = training.texts
    if not has_enough(training):
        raise ClassifierError(
            f"The prompt {prompt.name} has {counted(len(texts), 'text')} to learn from, and it takes {FEWEST_TEXTS} of at least "
            "two categories: classify a file with labels (input.label), or import corrections."
        )
    number = {name: place for place, name in enumerate(prompt.class_names)}
    owners = [number[text.class_name] for text in texts]
    folds = _FOLDS if len(texts) <= _MANY_TEXTS else _FOLDS_OF_MANY
    with one_thread():
        heads = [
            head_of(prompt, [text for text in texts if fold_of(text.text_id, folds) != fold]) for fold in range(folds)
        ]
        said = by_folds(heads, [text.text_id for text in texts], [text.text for text in texts])
        full = head_of(prompt, texts)
    by_class = Counter(text.class_name for text in texts)
    return LocalModel(
        prompt.class_names,
        TrainedOn(
            digest=digest_of(prompt, texts),
            by_origin=training.by_origin,
            by_class={name: by_class[name] for name in prompt.class_names},
            redaction=prompt.redact.version if prompt.redact is not None else "",
            left_out=training.left_out,
            contradicting=training.contradicting,
            text_ids=frozenset(text.text_id for text in texts if text.origin is not Origin.EXAMPLE),
        ),
        _temperature(said, owners),
        full,
        heads,
    )


def has_enough(training: TrainingTexts) -> bool:
    """Whether there are enough texts to train on, of more than one category."""
    return len(training.texts) >= FEWEST_TEXTS and len({text.class_name for text in training.texts}) > 1


def digest_of(prompt: Prompt, texts: Sequence[TrainingText]) -> str:
    """12 hex digits that stand for all that a model follows from."""
    digest = hashlib.sha256(orjson.dumps([_FORM, [category.model_dump() for category in prompt.categories]]))
    for text in sorted(texts, key=lambda text: text.text_id):
        digest.update(f"{text.text_id} {text.class_name}\n".encode())
    return digest.hexdigest()[:12]


def head_of(prompt: Prompt, texts: Sequence[TrainingText]) -> TrainedHead:
    """A head of these texts and the categories' descriptions."""
    described = [f"{category.name}. {category.description}" for category in prompt.categories]
    number = {name: place for place, name in enumerate(prompt.class_names)}
    owners = [*range(len(described)), *(number[text.class_name] for text in texts)]
    return TrainedHead([*described, *(text.text for text in texts)], owners, len(described))


def _temperature(said: "Floats", owners: Sequence[int]) -> float:
    """The temperature at which what was said of unseen texts was most probable."""
    import numpy as np
    from scipy.optimize import minimize_scalar

    truth, rows = np.array(owners), np.arange(len(owners))

    def loss(logarithm: float) -> float:
        return -float(calibrated(said, float(np.exp(logarithm)))[rows, truth].mean())

    # From a fifth to twenty times; three digits are more than the texts can tell.
    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(20)), method="bounded", options={"xatol": 1e-3})
    return round(float(np.exp(found.x)), 3)
