"""The formats of result files: the classifications as CSV, JSON or XLSX, streamed from record batches."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.results.columns import ResultColumns
from batch_classifier.results.result_figures import ResultFigures

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("csv", "json", "xlsx")


def write_results(
    rows: "Iterable[pa.RecordBatch]",
    columns: ResultColumns,
    file: BinaryIO,
    format: str,
    figures: ResultFigures | None = None,
) -> int:
    """Write classifications to a file that is open for writing (and is left open), and return how many rows there were.

    Args:
        rows: batches with the columns of the table `classifications`; read once, one batch in memory at a time.
        columns: what stands where.
        file: a binary file; need not be seekable.
        format: one of `FORMATS`.
        figures: what the summary of a workbook says of the rows; without them it has none.

    The columns are id, input_text, class, model_class where a correction says otherwise, rationale, status, expected_class where there are labels, the request file's
    own columns, confidence and note (what went wrong). Text that a spreadsheet program would run as a formula is made
    harmless in CSV (a `'` before it) and XLSX (a text cell); JSON keeps every text as it is. In XLSX, id, input_text and
    expected_class are called as in the request file, where `columns` knows how.

    Raises:
        ClassifierError: the format is unknown, or an XLSX sheet cannot hold that many columns.
    """
    if format == "xlsx":
        from batch_classifier.results.xlsx_file import write_xlsx

        return write_xlsx(rows, columns, file, figures)
    return _writer(format)(rows, columns, file)


def _writer(format: str) -> "Callable[[Iterable[pa.RecordBatch], ResultColumns, BinaryIO], int]":
    """The writer of a format, imported only now: the libraries behind the others stay out of memory."""
    if format == "csv":
        from batch_classifier.results.csv_file import write_csv

        return write_csv
    if format == "json":
        from batch_classifier.results.json_file import write_json

        return write_json
    raise ClassifierError(f'There are no results in the format "{format}"; the formats are {", ".join(FORMATS)}.')
