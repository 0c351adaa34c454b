"""Accuracy, macro-F1 and what goes by category, against scikit-learn's figures and by hand."""

import pytest

from batch_classifier.evaluation.scores import scores_of

TRUE = ["A"] * 5 + ["B"] * 3 + ["C"] * 2
GIVEN = ["A", "A", "A", "B", "C", "B", "B", "A", "C", "A"]


def test_the_figures_are_those_of_scikit_learn() -> None:
    """precision_recall_fscore_support and f1_score(average="macro") of the same lists."""
    scores = scores_of(zip(TRUE, GIVEN, strict=True), ["A", "B", "C", "never"])
    assert (scores.texts, scores.right, scores.accuracy) == (10, 6, 0.6)
    assert scores.macro_f1 == pytest.approx(0.5888888888888889)
    figures = {score.category: (score.precision, score.recall, score.f1, score.expected) for score in scores.categories}
    assert figures == {
        "A": pytest.approx((0.6, 0.6, 0.6, 5)),
        "B": pytest.approx((2 / 3, 2 / 3, 2 / 3, 3)),
        "C": pytest.approx((0.5, 0.5, 0.5, 2)),
    }, "a category that was neither expected nor given says nothing"
    assert {row.expected: dict(row.given) for row in scores.confusion} == {
        "A": {"A": 3, "B": 1, "C": 1},
        "B": {"A": 1, "B": 2, "C": 0},
        "C": {"A": 1, "B": 0, "C": 1},
    }


def test_no_class_is_wrong_and_stands_in_the_confusion() -> None:
    scores = scores_of([("A", None), ("A", "A")], ["A", "B"])
    assert (scores.right, scores.accuracy) == (1, 0.5)
    assert dict(scores.confusion[0].given) == {"A": 1, None: 1}


def test_a_category_that_was_never_given_or_never_expected_has_an_f1_of_zero() -> None:
    scores = scores_of([("A", "B"), ("C", "C")], ["A", "B", "C"])
    known = {score.category: (score.precision, score.recall, score.f1) for score in scores.categories}
    assert known == {"A": (None, 0.0, 0.0), "B": (0.0, None, 0.0), "C": (1.0, 1.0, 1.0)}
    assert scores.macro_f1 == pytest.approx(1 / 3)


def test_a_label_that_the_prompt_has_no_category_for_is_wrong() -> None:
    scores = scores_of([("gone", "A"), ("A", "A")], ["A", "B"])
    assert scores.right == 1 and {score.category: score.f1 for score in scores.categories}["gone"] == 0.0


def test_nothing_cannot_be_scored() -> None:
    with pytest.raises(ValueError):
        scores_of([], ["A"])
