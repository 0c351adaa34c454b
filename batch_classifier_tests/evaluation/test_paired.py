"""McNemar's test, the interval of a difference and the number of labels, against scipy and values worked out by hand."""

from math import sqrt

import pytest

from batch_classifier.evaluation.paired import PairedCounts, holm, labels_needed


def counts(only_first: int, only_second: int, both: int = 50, neither: int = 5) -> PairedCounts:
    return PairedCounts(both, only_first, only_second, neither)


def test_pairs_are_counted() -> None:
    found = PairedCounts.of([True, True, True, False, False], [True, True, False, True, False])
    assert found == PairedCounts(both=2, only_first=1, only_second=1, neither=1)
    assert (found.texts, found.discordant, found.difference) == (5, 2, 0.0)


def test_pairs_must_be_of_the_same_texts() -> None:
    with pytest.raises(ValueError):
        PairedCounts.of([True], [True, False])


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        # scipy.stats.binomtest(fewer, both, 0.5), the first two also by hand: 2 * (1 + 11 + 55) / 2048 and 2 / 64.
        (2, 9, 0.0654296875),
        (0, 6, 0.03125),
        (5, 5, 1.0),
        (21, 3, 0.0002771615982055664),
        (0, 0, 1.0),
        # scipy.stats.chi2.sf((abs(first - second) - 1) ** 2 / (first + second), 1), from 25 discordant ones on.
        (40, 15, 0.0012114973654306278),
        (10, 15, 0.4237107971667936),
        (13, 12, 1.0),
        (100, 150, 0.0019415397850404208),
    ],
)
def test_the_p_value_is_mcnemars(only_first: int, only_second: int, p_value: float) -> None:
    assert counts(only_first, only_second).p_value() == pytest.approx(p_value, rel=1e-9)
    assert counts(only_second, only_first).p_value() == pytest.approx(p_value, rel=1e-9), "it has two sides"


def test_texts_on_which_both_agree_change_no_p_value() -> None:
    assert counts(2, 9, both=0, neither=0).p_value() == counts(2, 9, both=100_000).p_value()


def test_the_interval_of_the_difference() -> None:
    """By hand: 98 texts and two more, discordant 3 + 1 and 15 + 1."""
    found = counts(3, 15, both=70, neither=10)
    half = 1.959963984540054 * sqrt((0.04 + 0.16 - 0.12**2) / 100)
    assert found.difference == pytest.approx(12 / 98)
    assert found.difference_interval() == pytest.approx((0.12 - half, 0.12 + half))


def test_the_interval_has_a_width_even_where_none_is_discordant() -> None:
    low, high = counts(0, 0, both=20, neither=0).difference_interval()
    assert low < 0 < high and low == pytest.approx(-high)
    assert PairedCounts(0, 1, 0, 0).difference_interval().low == -1.0


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.03], [0.03]),
        # The smallest times 3, the next times 2, the largest as it is, but never below an earlier one.
        ([0.04, 0.01, 0.03], [0.06, 0.03, 0.06]),
        ([0.9, 0.8], [1.0, 1.0]),
    ],
)
def test_several_tests_are_held_to_one_tests_error(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(adjusted)


@pytest.mark.parametrize(
    ("discordance", "difference", "needed"),
    [
        # ((1.959964 * 0.447214 + 0.841621 * 0.435890) / 0.1) ** 2 = 154.6
        (0.2, 0.1, 155),
        # ((1.959964 * 0.316228 + 0.841621 * 0.315595) / 0.02) ** 2 = 1959.9
        (0.1, -0.02, 1960),
        # The discordance cannot be less than the difference: ((1.959964 * 0.316228 + 0.841621 * 0.3) / 0.1) ** 2 = 76.1
        (0.0, 0.1, 77),
    ],
)
def test_the_number_of_labels_is_connors(discordance: float, difference: float, needed: int) -> None:
    assert labels_needed(discordance, difference) == needed


def test_so_many_labels_show_the_difference_as_often_as_was_asked() -> None:
    """Counted out on seeded draws: 80% of the studies of that size find it."""
    import random

    needed = labels_needed(0.2, 0.1)
    draws = random.Random(7)
    found = 0
    for _ in range(1_000):
        kinds = draws.choices(["first", "second", "same"], [0.05, 0.15, 0.8], k=needed)
        found += counts(kinds.count("first"), kinds.count("second")).p_value() <= 0.05
    # The correction for continuity and the exact test cost some of it.
    assert 0.72 <= found / 1_000 <= 0.85


@pytest.mark.parametrize(("discordance", "difference"), [(0.1, 0.0), (1.2, 0.1), (0.5, 1.5)])
def test_nothing_shows_no_difference(discordance: float, difference: float) -> None:
    with pytest.raises(ValueError):
        labels_needed(discordance, difference)
