"""Intervals: between which values the truth lies, as far as a number of labelled texts can tell."""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """The ends of an interval, which belong to it."""

    low: float
    high: float


def standard_deviations(confidence: float = CONFIDENCE) -> float:
    """How many standard deviations of a normal distribution hold this share of it around its middle; 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of a share of which `successes` of `trials` were seen, 0 to 1.

    Wilson's score interval (Journal of the American Statistical Association 22, 1927): it also holds for few trials and for
    shares near 0 and 1, where the plain normal interval is too narrow or leaves the range. Raises ValueError without trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    share, width = successes / trials, standard_deviations(confidence)
    scale = 1 + width**2 / trials
    middle = (share + width**2 / (2 * trials)) / scale
    half = width * sqrt(share * (1 - share) / trials + width**2 / (4 * trials**2)) / scale
    # At the ends of the range the formula gives exactly these; floating point gives them but for the last digit.
    return Interval(0.0 if successes == 0 else middle - half, 1.0 if successes == trials else middle + half)
