"""The border between the core's errors and Dagster: what a person can mend ends a step with its one sentence, and no retry."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import dagster as dg

from batch_classifier.errors import ClassifierError

T = TypeVar("T")


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn a ClassifierError into a Failure that shows its message."""
    try:
        yield
    except ClassifierError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def each_told_in_one_sentence(rows: Iterable[T]) -> Iterator[T]:
    """Pass on what is made while the rows of a table are written, after the asset's function has returned."""
    with told_in_one_sentence():
        yield from rows
