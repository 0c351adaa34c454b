"""The border between the core's errors and Dagster: what a person can mend ends a step with its one sentence, and no retry."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from batch_classifier.errors import ClassifierError


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn a ClassifierError into a Failure that shows its message."""
    try:
        yield
    except ClassifierError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
