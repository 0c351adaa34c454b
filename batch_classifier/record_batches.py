"""How much passes at once: so many rows, and so many bytes where the rows are long. The bound of every stream of record batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 3_000_000


def rows_at_once(rows: int, size: int) -> int:
    """How many of so many rows, of `size` bytes in all, are to pass at once; at least one."""
    return max(1, min(ROWS_AT_ONCE, rows * BYTES_AT_ONCE // max(size, 1)))


def bounded(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in order: small record batches are put together, large ones cut, each within the bound unless it is one row.

    The batches have one schema. A piece that is cut off refers to the memory of the whole.
    """
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        for piece in _pieces(batch):
            if held and (rows + piece.num_rows > ROWS_AT_ONCE or size + piece.nbytes > BYTES_AT_ONCE):
                yield _joined(held)
                held, rows, size = [], 0, 0
            held.append(piece)
            rows, size = rows + piece.num_rows, size + piece.nbytes
    if held:
        yield _joined(held)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    while batch.num_rows:
        piece = batch.slice(0, ROWS_AT_ONCE)
        while piece.nbytes > BYTES_AT_ONCE and piece.num_rows > 1:
            piece = piece.slice(0, piece.num_rows // 2)
        yield piece
        batch = batch.slice(piece.num_rows)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    # Imported here because the bounds above are also for modules that every command imports, and Arrow brings numpy along.
    from pyarrow import concat_batches

    return concat_batches(batches)
