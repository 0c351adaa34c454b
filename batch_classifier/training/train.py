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
from batch_classifier.training.label_noise import probably_wrong, temperature_and_noise
from batch_classifier.training.local_model import LocalModel, TrainedOn, by_folds, fold_of
from batch_classifier.training.training_texts import Origin, TrainingText, TrainingTexts
from batch_classifier.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Part of every digest: raise it when the same texts give another model.
_FORM = 2
# With fewer texts nothing can be said of how right the model is.
FEWEST_TEXTS = 20
_FOLDS = 5
# With many texts fewer folds say as much, in less time.
_MANY_TEXTS, _FOLDS_OF_MANY = 10_000, 3


def train(prompt: Prompt, training: TrainingTexts) -> LocalModel:
    """Train a prompt's model; the same texts give the same model.

    The categories' descriptions are trained on too, so that there is something of each. Labels that are probably wrong are found
    by heads that have not seen them and set aside: neither weights nor shares are learned from them. Raises ClassifierError
    where the texts are too few, or all of one category.
    """
    import numpy as np

    texts = training.texts
    if not has_enough(training):
        raise ClassifierError(
            f"The prompt {prompt.name} has {counted(len(texts), 'text')} to learn from, and it takes {FEWEST_TEXTS} of at least "
            "two categories: classify a file with labels (input.label), or import corrections."
        )
    folds = _FOLDS if len(texts) <= _MANY_TEXTS else _FOLDS_OF_MANY
    labels = np.array([prompt.class_names.index(text.class_name) for text in texts])
    with one_thread():
        heads, said = _out_of_fold(prompt, texts, texts, folds)
        temperature, noise = temperature_and_noise(said, labels)
        wrong = probably_wrong(said, labels, temperature, noise).tolist()
        # What a person has looked at once more is believed, and so is what a model says: its mistakes are not made by chance.
        aside = {
            text.text_id
            for text, is_wrong in zip(texts, wrong, strict=True)
            if is_wrong and text.origin is Origin.LABEL
        }
        kept = [text for text in texts if text.text_id not in aside]
        # Of very many texts some wrong ones make the heads no worse.
        if aside and len(texts) <= _MANY_TEXTS:
            heads, said = _out_of_fold(prompt, texts, kept, folds)
            temperature, _ = temperature_and_noise(said, labels)
        full = head_of(prompt, kept)
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
            set_aside=tuple(sorted(aside)),
        ),
        temperature,
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


def _out_of_fold(
    prompt: Prompt, texts: Sequence[TrainingText], kept: Sequence[TrainingText], folds: int
) -> "tuple[list[TrainedHead], Floats]":
    """A head without each fold, of what is kept, and what they say of all texts."""
    heads = [head_of(prompt, [text for text in kept if fold_of(text.text_id, folds) != fold]) for fold in range(folds)]
    return heads, by_folds(heads, [text.text_id for text in texts], [text.text for text in texts])
