"""Two ways of classifying on the same texts: is one of them really better, and how many labels would tell.

Only the texts that one of them has right and the other wrong say anything (they are called discordant), which is why the same
texts tell far more than two samples.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, comb, erfc, sqrt
from statistics import NormalDist

from batch_classifier.evaluation.intervals import CONFIDENCE, Interval, standard_deviations

# Below so many discordant texts the approximation by chi-squared is too rough, and the binomial distribution itself is summed.
FEWEST_FOR_CHI_SQUARED = 25
# How likely labels are to show a difference that is there, in the numbers of labels that are told.
POWER = 0.8


@dataclass(frozen=True)
class PairedCounts:
    """How many texts both have right, only one of the two, and neither."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @classmethod
    def of(cls, first: Iterable[bool], second: Iterable[bool]) -> "PairedCounts":
        """Count; each pair is one text, and says whether it is right. Raises ValueError for sequences of different lengths."""
        both = only_first = only_second = neither = 0
        for one, other in zip(first, second, strict=True):
            both += one and other
            only_first += one and not other
            only_second += other and not one
            neither += not one and not other
        return cls(both, only_first, only_second, neither)

    @property
    def texts(self) -> int:
        """All of them."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def discordant(self) -> int:
        """How many texts exactly one of the two has right."""
        return self.only_first + self.only_second

    @property
    def difference(self) -> float:
        """The second's accuracy less the first's, -1 to 1."""
        return (self.only_second - self.only_first) / self.texts

    def difference_interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The interval of the difference.

        Wald's for paired shares with one text added to both kinds of discordant ones (Bonett and Price, Journal of Educational
        and Behavioral Statistics 37, 2012), which also holds where few are discordant.
        """
        texts = self.texts + 2
        first, second = (self.only_first + 1) / texts, (self.only_second + 1) / texts
        middle = second - first
        half = standard_deviations(confidence) * sqrt((first + second - middle**2) / texts)
        return Interval(max(-1.0, middle - half), min(1.0, middle + half))

    def p_value(self) -> float:
        """How likely a difference like this, or a larger one, is where both are equally good; two-sided.

        McNemar's test (Psychometrika 12, 1947): the exact binomial where few are discordant, else chi-squared with one degree
        of freedom and the correction for continuity.
        """
        if self.discordant < FEWEST_FOR_CHI_SQUARED:
            return _binomial_p_value(min(self.only_first, self.only_second), self.discordant)
        distance = max(0, abs(self.only_first - self.only_second) - 1)
        # The upper tail of chi-squared with one degree of freedom.
        return erfc(sqrt(distance**2 / self.discordant / 2))


def _binomial_p_value(fewer: int, trials: int) -> float:
    """Both tails of a binomial distribution with a chance of one half, from the shorter side of what was seen."""
    ways = sum(comb(trials, successes) for successes in range(fewer + 1))
    return min(1.0, 2 * ways / float(2**trials))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, raised so that all of them together err no more often than one alone.

    Holm's step-down method (Scandinavian Journal of Statistics 6, 1979).
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


def labels_needed(discordance: float, difference: float, power: float = POWER, confidence: float = CONFIDENCE) -> int:
    """How many labelled texts show a difference in accuracy with this likelihood.

    Args:
        discordance: share of the texts that exactly one of the two has right, above 0, at most 1; it cannot be less than the
            difference, and is taken for that much where it is.
        difference: of the two accuracies, -1 to 1, not 0.
        power: the likelihood.
        confidence: of the test.

    Connor's formula for McNemar's test (Biometrics 43, 1987). Raises ValueError for a difference of 0, which nothing shows.
    """
    size = abs(difference)
    if not 0 < size <= 1 or not 0 <= discordance <= 1:
        raise ValueError(f"no number of labels shows a difference of {difference} at a discordance of {discordance}")
    share = max(discordance, size)
    by_chance = standard_deviations(confidence) * sqrt(share)
    missed = NormalDist().inv_cdf(power) * sqrt(share - size**2)
    return ceil(((by_chance + missed) / size) ** 2)
