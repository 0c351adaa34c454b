"""Wilson's interval, against values that scipy's `binomtest(...).proportion_ci(method="wilson")` gives."""

import pytest

from batch_classifier.evaluation.intervals import standard_deviations, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (45, 50, 0.7863976856252034, 0.9565242350681095),
        (7, 200, 0.0170555420085672, 0.07047061152229074),
        (0, 10, 0.0, 0.27753279986288926),
        (10, 10, 0.7224672001371109, 1.0),
        (1, 1, 0.20654931437723745, 1.0),
    ],
)
def test_the_interval_is_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-12)


def test_its_ends_are_those_of_the_range_where_all_or_none_succeeded() -> None:
    assert wilson(0, 3).low == 0.0 and wilson(3, 3).high == 1.0


def test_more_trials_and_less_confidence_make_it_narrower() -> None:
    wide, narrow, less = wilson(9, 10), wilson(900, 1000), wilson(9, 10, confidence=0.8)
    assert wide.high - wide.low > narrow.high - narrow.low
    assert wide.low < less.low < less.high < wide.high


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_has_no_interval(successes: int, trials: int) -> None:
    with pytest.raises(ValueError):
        wilson(successes, trials)


def test_the_usual_number_of_standard_deviations() -> None:
    assert standard_deviations(0.95) == pytest.approx(1.959963984540054)
