"""Result files for people: the classifications as CSV, JSON or XLSX, streamed from record batches."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.results.columns import ResultColumns

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("csv", "json", "xlsx")


def write_results(
    rows: "Iterable[pa.RecordBatch]",
    own_columns: Sequence[str],
    file: BinaryIO,
    format: str,
    with_expected_class: bool = False,
) -> int:
    """Write classifications to a file that is open for writing (and is left open), and return how many rows there were.

    Args:
        rows: batches with the columns of the table `classifications`; read once, one batch in memory at a time.
        own_columns: keys of `attributes` that become columns, as `own_columns` finds them.
        file: a binary file; need not be seekable.
        format: one of `FORMATS`.
        with_expected_class: whether there is a column `expected_class`.

    The columns are id, input_text, class, rationale, status, expected_class if wanted, the request file's own
    columns, confidence and note (what went wrong). Text that a spreadsheet program would run as a formula is made
    harmless in CSV (a `'` before it) and XLSX (a text cell); JSON keeps every text as it is.

    Raises:
        ClassifierError: the format is unknown, or an XLSX sheet cannot hold that many columns.
    """
    return _writer(format)(rows, ResultColumns(own_columns, with_expected_class), file)


def own_columns(attributes: "Iterable[pa.RecordBatch | pa.Array | pa.ChunkedArray]") -> list[str]:
    """The names of a request file's own columns, in order of first appearance, from JSON objects as text.

    `attributes` are arrays of them, or batches with a column `attributes`; one is in memory at a time.
    """
    import orjson
    import pyarrow as pa

    names: dict[str, None] = {}
    known: set[tuple[str, ...]] = set()
    for batch in attributes:
        texts = batch.column("attributes") if isinstance(batch, pa.RecordBatch) else batch
        for text in texts.to_pylist():
            keys = tuple(orjson.loads(text)) if text else ()
            if keys not in known:
                known.add(keys)
                names.update(dict.fromkeys(keys))
    return list(names)


def _writer(format: str) -> "Callable[[Iterable[pa.RecordBatch], ResultColumns, BinaryIO], int]":
    """The writer of a format, imported only now: the libraries behind the others stay out of memory."""
    if format == "csv":
        from batch_classifier.results.csv_file import write_csv

        return write_csv
    if format == "json":
        from batch_classifier.results.json_file import write_json

        return write_json
    if format == "xlsx":
        from batch_classifier.results.xlsx_file import write_xlsx

        return write_xlsx
    raise ClassifierError(f'There are no results in the format "{format}"; the formats are {", ".join(FORMATS)}.')
