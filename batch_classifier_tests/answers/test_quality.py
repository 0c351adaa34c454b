"""Accuracy from counts of expected and given classes."""

from batch_classifier.answers.quality import Accuracy, CategoryQuality, ConfusionRow, LabelCount, accuracy_of

NAMES = ("Billing", "Travel", "Other")


def measured(*counts: tuple[str, str | None, int]) -> Accuracy:
    accuracy = accuracy_of([LabelCount(*count) for count in counts], NAMES)
    assert accuracy is not None
    return accuracy


def test_no_labels_are_no_accuracy() -> None:
    assert accuracy_of([], NAMES) is None


def test_labels_count_whatever_their_spelling_and_foreign_ones_are_wrong() -> None:
    found = measured(("Billing", "Billing", 3), ("billing ", "Travel", 1), ("Travel", None, 2), ("Sports", "Other", 4))
    assert (found.labelled, found.correct, found.accuracy) == (10, 3, 0.3)
    assert found.unknown_labels == ["Sports"]
    assert found.categories == [
        CategoryQuality("Billing", expected=4, given=3, precision=1.0, recall=0.75),
        CategoryQuality("Travel", expected=2, given=1, precision=0.0, recall=0.0),
        CategoryQuality("Other", expected=0, given=4, precision=0.0, recall=None),
        CategoryQuality("Sports", expected=4, given=0, precision=None, recall=0.0),
    ]
    assert found.matrix == [
        ConfusionRow("Billing", {"Billing": 3, "Travel": 1, "Other": 0, None: 0}),
        ConfusionRow("Travel", {"Billing": 0, "Travel": 0, "Other": 0, None: 2}),
        ConfusionRow("Sports", {"Billing": 0, "Travel": 0, "Other": 4, None: 0}),
    ]
