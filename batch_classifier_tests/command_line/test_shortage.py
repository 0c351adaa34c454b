"""A full disk and too little memory end a command with a sentence, also where they strike Dagster."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from batch_classifier.command_line.project import told_of_shortage
from batch_classifier.errors import ClassifierError
from batch_classifier_tests.support.outcomes import is_one_sentence


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OperationalError("INSERT INTO event_logs", ("a text",), sqlite3.OperationalError("disk I/O error")),
            "disk I/O error",
        ),
        (MemoryError(), "not enough memory"),
    ],
)
def test_it_is_told_in_a_sentence(error: BaseException, told: str) -> None:
    with pytest.raises(ClassifierError, match=told) as caught, told_of_shortage():
        raise error
    assert is_one_sentence(str(caught.value)) and "a text" not in str(caught.value)


def test_what_else_goes_wrong_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), told_of_shortage():
        raise ZeroDivisionError
