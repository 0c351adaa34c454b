"""How many of a file's texts the local model may answer, from the surest down: certified by a random sample that the model answers.

The promise: with probability `confidence`, at least the share `agreement` of the answers to a file's distinct texts are those
that the model would have given. Texts that the model answers itself, the sampled ones too, agree by definition; so of N texts
(1 - agreement) x N may differ, and all of these may be among those that the local model answers.

Shares of the file are tested one after the other, from the surest texts down, and the first that fails ends it. As the order is
fixed before anything is known of the sample, each test may err with probability 1 - confidence, and so does all of it: for a
share to pass wrongly, the first of the wrong ones has to (fixed-sequence testing: Maurer, Hothorn and Lehmacher 1995).

A text's confidence must come from a model that has not seen its answer. Pure functions: they read and write nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Confidences = NDArray[np.floating]
    Agreements = NDArray[np.bool_]

SHARES = tuple(percent / 100 for percent in range(10, 101, 5))
"""The shares of a file that are tested, in this order."""
# What floating point adds to 0.02 x 10,000.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Promise:
    """At least `agreement` of a file's answers are the model's, with probability `confidence`; both 0 to 1."""

    agreement: float
    confidence: float

    def may_differ(self, texts: int) -> int:
        """How many of so many texts of a file may have another answer than the model's."""
        return math.floor((1 - self.agreement) * texts + _ROUNDING)


@dataclass(frozen=True)
class Cut:
    """The texts of a file that are at least so sure, and how many they are."""

    least_confidence: float
    texts: int


@dataclass(frozen=True)
class TriedShare:
    """What the sample says of the texts above a cut.

    Attributes:
        cut: the texts.
        share: of the file's texts, 0 to 1.
        sampled: how many of them the sample holds.
        differing: of these, whose local answer is not the model's.
        chance: the probability of so few differing ones, were one text more to differ than may; small is good.
        holds: whether the promise holds for this share.
    """

    cut: Cut
    share: float
    sampled: int
    differing: int
    chance: float
    holds: bool

    @property
    def agreement(self) -> float | None:
        """The share of the sampled ones that agree; None where there are none."""
        return 1 - self.differing / self.sampled if self.sampled else None


@dataclass(frozen=True)
class Certificate:
    """The shares that were tested, to the first that fails; those after it were looked at for the chart alone."""

    tested: tuple[TriedShare, ...]

    @property
    def certified(self) -> TriedShare | None:
        """The largest share that the local model may answer; None where that is nothing."""
        certified = None
        for one in self.tested:
            if not one.holds:
                break
            certified = one
        return certified


def cuts_of(confidences: "Confidences", shares: Sequence[float] = SHARES) -> list[Cut]:
    """The cuts of a file with these confidences: texts that are as sure as each other are never parted."""
    import numpy as np

    descending = np.sort(confidences)[::-1]
    places = [max(1, round(share * len(descending))) - 1 for share in shares] if len(descending) else []
    ascending = descending[::-1]
    found = {
        least: len(ascending) - int(np.searchsorted(ascending, least)) for least in (descending[p] for p in places)
    }
    return [Cut(float(least), texts) for least, texts in found.items()]


def certify(
    cuts: Sequence[Cut],
    texts: int,
    sampled: "Confidences",
    agrees: "Agreements",
    promise: Promise,
    is_of_file: bool,
) -> Certificate:
    """Test the cuts, the surest first.

    Args:
        cuts: of the file, each of more texts than the one before.
        texts: the file's distinct texts.
        sampled: confidences of texts that were chosen by chance and that the model answered.
        agrees: for each of them whether the local answer is the model's.
        promise: what is to hold.
        is_of_file: whether the sample was drawn from this file, and is a part of its texts; else it was drawn from others of
            the same kind, and the file could as well have been the sample.
    """
    may_differ = promise.may_differ(texts)
    tested = []
    for cut in cuts:
        above = sampled >= cut.least_confidence
        size, differing = int(above.sum()), int((~agrees[above]).sum())
        chance = _chance(cut.texts if is_of_file else cut.texts + size, may_differ, size, differing)
        tested.append(
            TriedShare(
                cut, cut.texts / texts, size, differing, chance, holds=chance <= 1 - promise.confidence + _ROUNDING
            )
        )
    return Certificate(tuple(tested))


def _chance(texts: int, may_differ: int, sampled: int, differing: int) -> float:
    """The probability of at most so many differing ones in the sample, were there one more among the others than may differ.

    `texts` are the sample and the others. The sample is any so many of them: the hypergeometric distribution, which for a file that
    is much larger than the sample is the binomial one.
    """
    from scipy.stats import hypergeom

    if texts - sampled <= may_differ:
        return 0.0
    too_many = min(texts, may_differ + differing + 1)
    return float(hypergeom.cdf(differing, texts, too_many, sampled))
