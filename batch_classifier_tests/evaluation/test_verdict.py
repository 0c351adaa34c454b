"""The sentence that a comparison comes to, and the outcome behind it."""

import pytest

from batch_classifier.evaluation.paired import PairedCounts
from batch_classifier.evaluation.verdict import Outcome, verdicts
from batch_classifier_tests.support.outcomes import is_one_sentence


@pytest.mark.parametrize(
    ("counts", "outcome", "sentence"),
    [
        (
            PairedCounts(160, 5, 30, 5),
            Outcome.BETTER,
            "new is better than old: 95.0% against 82.5% right on the same 200 texts, a difference of +12.5 points (95% interval "
            "+6.7 to +18.0, p < 0.001).",
        ),
        (
            PairedCounts(160, 30, 5, 5),
            Outcome.WORSE,
            "new is worse than old: 82.5% against 95.0% right on the same 200 texts, a difference of -12.5 points (95% interval "
            "-18.0 to -6.7, p < 0.001).",
        ),
        (
            PairedCounts(80, 4, 6, 10),
            Outcome.TOO_FEW_LABELS,
            "Too few labels to say whether new is better or worse than old: 86.0% against 84.0% right on the same 100 texts, a "
            "difference of +2.0 points (95% interval -4.7 to +8.6, p = 0.754); if the difference is what it looks like, about "
            "1,960 labels would do.",
        ),
        (
            PairedCounts(80, 5, 5, 10),
            Outcome.TOO_FEW_LABELS,
            "Too few labels to say whether new is better or worse than old: 85.0% against 85.0% right on the same 100 texts, a "
            "difference of +0.0 points (95% interval -6.7 to +6.7, p = 1.000); about 1,960 labels would show a difference of 2 "
            "points.",
        ),
        (
            PairedCounts(90, 0, 0, 10),
            Outcome.ALIKE,
            "new is right on the same texts as old: 90.0% against 90.0% right on the same 100 texts; about 400 labels would show "
            "a difference of 2 points.",
        ),
    ],
)
def test_what_is_told(counts: PairedCounts, outcome: Outcome, sentence: str) -> None:
    (verdict,) = verdicts("old", [("new", counts)])
    assert (verdict.outcome, verdict.sentence) == (outcome, sentence)
    assert is_one_sentence(verdict.sentence)
    assert (verdict.labels_needed is None) == (outcome in (Outcome.BETTER, Outcome.WORSE))


def test_these_labels_were_too_few_whatever_the_formula_says() -> None:
    """Just above the limit of chance: the formula would have been content with fewer than there are."""
    (verdict,) = verdicts("old", [("new", PairedCounts(5, 5, 0, 1))])
    assert verdict.outcome is Outcome.TOO_FEW_LABELS and verdict.labels_needed is not None
    assert verdict.labels_needed > verdict.counts.texts


def test_one_that_is_better_alone_need_not_be_among_several() -> None:
    lucky = ("lucky", PairedCounts(80, 2, 11, 7))
    (alone,) = verdicts("old", [lucky])
    among = verdicts("old", [lucky, *((f"other {number}", PairedCounts(80, 5, 6, 9)) for number in range(4))])
    assert alone.outcome is Outcome.BETTER and among[0].outcome is Outcome.TOO_FEW_LABELS
    assert among[0].p_value == pytest.approx(alone.p_value * 5)
