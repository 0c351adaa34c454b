"""A prompt's model, from the tables to its file: what the asset and the command have done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.training.local_model import LocalModel
from batch_classifier.training.model_file import read_local_model, write_local_model
from batch_classifier.training.train import digest_of, has_enough, train
from batch_classifier.training.training_texts import TrainingText, TrainingTexts, read_training_texts
from batch_classifier.warehouse.interface import Warehouse


class Follower(Protocol):
    """Who classifies with a model, and learns beforehand how far to follow it."""

    def version(self, prompt: Prompt) -> str:
        """What it has learned with another version is of no use to it."""

    def learn(self, prompt: Prompt, model: LocalModel, texts: Sequence[TrainingText]) -> Mapping[str, Any]:
        """What it learns from the texts that the model was trained on: JSON, with its version under `version`."""


@dataclass(frozen=True)
class Trained:
    """A model, and the texts that it was trained on."""

    model: LocalModel
    training: TrainingTexts


def train_prompt(
    prompt: Prompt,
    warehouse: Warehouse,
    internal: Folder,
    class_of: Callable[[str], str | None],
    follower: Follower,
    only_where_new: bool = False,
) -> Trained | None:
    """Train the prompt's model on what the tables hold now, and put it in the place of the old one.

    Args:
        prompt: whose model it is.
        warehouse: where its tables are.
        internal: where the model is kept.
        class_of: the category that a label means, as a file spells it.
        follower: who classifies with it.
        only_where_new: whether nothing is to be done where the texts are too few, or those that the old model was trained on.

    Returns:
        What was trained; None where nothing was to be done.

    Raises:
        ClassifierError: the texts are too few.
    """
    training = read_training_texts(warehouse, prompt, class_of)
    if only_where_new and not (has_enough(training) and _is_new(prompt, training, internal, follower)):
        return None
    model = train(prompt, training)
    model = replace(model, engine=follower.learn(prompt, model, training.texts))
    write_local_model(internal, prompt, model)
    return Trained(model, training)


def _is_new(prompt: Prompt, training: TrainingTexts, internal: Folder, follower: Follower) -> bool:
    try:
        old = read_local_model(internal, prompt, with_folds=False)
    except ClassifierError:
        # A damaged file is mended by another.
        return True
    if old is None or old.engine.get("version") != follower.version(prompt):
        return True
    return old.digest != digest_of(prompt, training.texts)
