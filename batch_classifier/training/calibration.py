"""Whether a model is as often right as it says: confidence and truth side by side, and how far apart they are."""

from collections.abc import Sequence
from dataclasses import dataclass

_BINS = 10


@dataclass(frozen=True)
class Bin:
    """The texts, or the requests with one, whose confidence lies in one tenth of the range, at `low` or above it.

    Attributes:
        low: where the tenth begins, 0 to 0.9.
        texts: how many there are.
        confidence: what was said of them, on average.
        right: the share of them that was right.
    """

    low: float
    texts: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Calibration:
    """How confidence and truth agree; tenths without a text are left out."""

    bins: Sequence[Bin]

    @property
    def error(self) -> float:
        """The expected calibration error: how far confidence and truth are apart in a tenth, on average over the texts; 0 to 1.

        Naeini, Cooper and Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning (AAAI 2015).
        """
        texts = sum(one.texts for one in self.bins)
        return sum(one.texts * abs(one.confidence - one.right) for one in self.bins) / max(texts, 1)


def calibration_of(confidences: Sequence[float], are_right: Sequence[bool]) -> Calibration:
    """Put answers of these confidences (0 to 1), which were right or not, into tenths."""
    members: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right in zip(confidences, are_right, strict=True):
        members.setdefault(min(int(confidence * _BINS), _BINS - 1), []).append((confidence, is_right))
    return Calibration(
        [
            Bin(
                place / _BINS,
                len(some),
                sum(confidence for confidence, _ in some) / len(some),
                sum(is_right for _, is_right in some) / len(some),
            )
            for place, some in sorted(members.items())
        ]
    )
