"""The border between the core's errors and Dagster: what a person can mend ends a step with its one sentence, and no retry."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import dagster as dg
import pyarrow as pa

from batch_classifier.errors import ClassifierError


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn a ClassifierError into a Failure that shows its message."""
    try:
        yield
    except ClassifierError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def rows_or_failure(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Pass record batches on; a ClassifierError while they are made becomes a Failure too."""
    with told_in_one_sentence():
        yield from batches
