"""A stream of record batches that is made by a thread of its own, a little ahead of whoever takes them."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa


def read_ahead(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[list[pa.RecordBatch]]:
    """The same record batches in order, so many as come to `size` bytes at once, while the next ones are made.

    Whatever the batches raise comes through as it is. Close the generator before what the batches come from: whoever stops
    early waits there for the batches that are being made, so that nothing goes on behind his back.
    """
    source = iter(batches)

    def take() -> list[pa.RecordBatch]:
        some: list[pa.RecordBatch] = []
        taken = 0
        while taken < size and (batch := next(source, None)) is not None:
            some.append(batch)
            taken += batch.nbytes
        return some

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(take)
        while some := coming.result():
            coming = thread.submit(take)
            yield some
