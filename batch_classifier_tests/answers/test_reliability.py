"""What confidence was worth, from counts of labelled requests."""

import pytest

from batch_classifier.answers.reliability import ConfidenceCount, reliability_of
from batch_classifier.training.calibration import Bin

NAMES = ("Billing", "Travel", "Other")


def test_nothing_labelled_has_no_reliability() -> None:
    assert reliability_of([], NAMES) is None


def test_confidence_is_held_against_what_was_right() -> None:
    found = reliability_of(
        [
            ConfidenceCount("Billing", "Billing", 9, 6, 5.7),
            ConfidenceCount("billing ", "Travel", 9, 2, 1.9),
            ConfidenceCount("Travel", "Travel", 5, 1, 0.5),
            ConfidenceCount("Sports", "Other", 5, 1, 0.5),
        ],
        NAMES,
    )
    assert found is not None
    assert [tenth.texts for tenth in found.bins] == [2, 8]
    assert found.bins[0] == Bin(0.5, 2, 0.5, 0.5)
    assert found.bins[1].confidence == pytest.approx(0.95)
    assert found.bins[1].right == 0.75
    assert found.error == pytest.approx(0.8 * 0.2)
