"""Results as JSON: one array with an object a row, each on a line of its own."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from batch_classifier.results.columns import ResultColumns

if TYPE_CHECKING:
    import pyarrow as pa

# Few enough to stay in the processor's cache: a third faster than 1,000.
_ROWS_AT_ONCE = 50


def write_json(rows: "Iterable[pa.RecordBatch]", columns: ResultColumns, file: BinaryIO) -> int:
    """Write the rows, every text as it is, and return their number; see `write_results` in `results/formats.py`."""
    import orjson

    written = 0
    names = columns.names
    file.write(b"[")
    for batch in rows:
        for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
            values = columns.lists(batch.slice(start, _ROWS_AT_ONCE), own_as_text=False)
            lines = [orjson.dumps(dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)]
            file.write((b",\n" if written else b"\n") + b",\n".join(lines))
            written += len(lines)
    file.write(b"\n]\n")
    return written
