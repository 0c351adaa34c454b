"""Rows that come by once and are wanted twice: kept in a file of this process, not in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa


@dataclass(frozen=True)
class SpooledRows:
    """Record batches in a file at `path`, uncompressed, in the order they came. The file is the caller's to remove."""

    path: Path

    def keep(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass the batches, which have one schema, on and keep them; they are whole once the last one has passed."""
        coming = iter(batches)
        first = next(coming, None)
        with self.path.open("wb") as file:
            if first is None:
                return
            with pa.ipc.new_stream(file, first.schema) as writer:
                writer.write_batch(first)
                yield first
                for batch in coming:
                    writer.write_batch(batch)
                    yield batch

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with self.path.open("rb") as file:
            if file.seek(0, 2):
                file.seek(0)
                with pa.ipc.open_stream(file) as reader:
                    yield from reader
