"""Accuracy from counts of expected and given classes."""

from collections.abc import Sequence

import pytest

from batch_classifier.answers import quality
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


def test_many_different_labels_take_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each label is compared with others a few times, and not once with each of the other labels."""
    compared = 0

    class Label(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    class Unknown:
        how, name = "none", ""

    class Labels:
        def __init__(self, names: Sequence[str]) -> None:
            pass

        def match(self, label: str) -> Unknown:
            return Unknown()

    monkeypatch.setattr(quality, "Labels", Labels)
    size = 2_000
    found = measured(*((Label(f"label {place}"), "Travel", 1) for place in range(size)))
    assert len(found.unknown_labels) == len(found.matrix) == size
    assert compared < 20 * size
