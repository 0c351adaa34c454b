"""A model of a prompt's texts, trained on what people said of them, that can judge each text without having seen it.

Beside the head that was trained on all texts there is one for each fold, trained without the texts of that fold. A text's fold
follows from its id, so that whatever is asked about a text that was trained on is answered as if it were new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batch_classifier.language.trained_head import TrainedHead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class TrainedOn:
    """What a model was trained on.

    Attributes:
        digest: 12 hex digits that stand for the texts, their classes and the prompt's categories: the model's name.
        by_origin: texts by who said their class.
        by_class: texts by their class, for each category of the prompt.
        redaction: version of the masking that the texts went through; empty where there was none.
        left_out: texts that were beyond the most that a model is trained on.
        contradicting: texts that were left out for labels that contradict each other.
        text_ids: ids of the texts from the tables.
        set_aside: ids of those whose label is probably wrong, from which nothing was learned.
    """

    digest: str
    by_origin: Mapping[str, int]
    by_class: Mapping[str, int]
    redaction: str
    left_out: int
    contradicting: int
    text_ids: frozenset[str] = field(repr=False)
    set_aside: tuple[str, ...] = field(default=(), repr=False)

    @property
    def texts(self) -> int:
        """How many texts that were."""
        return sum(self.by_class.values())


@dataclass(frozen=True)
class LocalModel:
    """A prompt's trained model. Its columns are the prompt's categories, in the file's order.

    Attributes:
        classes: names of the categories.
        trained_on: what it was trained on.
        temperature: what the heads' logarithms are divided by, so that of what they are sure of by a share, that share is right;
            learned from what each fold's head said of the texts that it had not seen.
        full: the head that was trained on all texts.
        folds: the heads that were each trained without one fold; empty where they were not read.
        engine: what the local engine has learned of how to take the model together with its own evidence.
    """

    classes: tuple[str, ...]
    trained_on: TrainedOn
    temperature: float
    full: TrainedHead = field(repr=False)
    folds: Sequence[TrainedHead] = field(repr=False)
    engine: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The model's name: the same texts, classes and categories give the same."""
        return self.trained_on.digest

    def log_shares(self, texts: Sequence[str]) -> "Floats":
        """The logarithm of each category's share, one row a text, of texts that were not trained on."""
        return calibrated(self.full.log_shares(texts), self.temperature)

    def out_of_fold(self, text_ids: Sequence[str], texts: Sequence[str]) -> "Floats":
        """The same of any texts, each by the head that has not seen it; `text_ids` are their ids.

        Raises ValueError where the folds' heads were not read.
        """
        if not self.folds:
            raise ValueError("the heads of the folds were not read")
        return calibrated(by_folds(self.folds, text_ids, texts), self.temperature)


def fold_of(text_id: str, folds: int) -> int:
    """The fold of a text: which head is not trained on it. Ids are hashes, and their beginnings as good as chance."""
    return int(text_id[:8], 16) % folds


def by_folds(heads: Sequence[TrainedHead], text_ids: Sequence[str], texts: Sequence[str]) -> "Floats":
    """What the head says that was not trained on each text."""
    import numpy as np

    said = np.zeros((len(texts), heads[0].categories), np.float32)
    owners = np.array([fold_of(one, len(heads)) for one in text_ids], np.int64)
    for fold, head in enumerate(heads):
        places = np.flatnonzero(owners == fold).tolist()
        if places:
            said[places] = head.log_shares([texts[place] for place in places])
    return said


def calibrated(log_shares: "Floats", temperature: float) -> "Floats":
    """The shares at this temperature, as logarithms."""
    import numpy as np

    taken = log_shares.astype(np.float64) / temperature
    taken -= taken.max(axis=1, keepdims=True)
    taken -= np.log(np.exp(taken).sum(axis=1, keepdims=True))
    return taken.astype(np.float32)
