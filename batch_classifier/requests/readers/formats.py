"""Request files of every format, read as a stream of rows: the one door to all readers."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.isolated_reading import read_isolated
from batch_classifier.requests.readers.rows import Block, Rows, check_width, pieces

__all__ = ["SUPPORTED_SUFFIXES", "Rows", "columns_may_come_late", "has_header_row", "is_supported", "read_rows"]

_DELIMITED = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_JSON = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_PARQUET = (".parquet",)
SUPPORTED_SUFFIXES = (*_DELIMITED, *_JSON, *_WORKBOOKS, *_PARQUET)


def is_supported(name: str) -> bool:
    """Tell whether a file of this name can be read; hidden files and Excel's lock files (`~$calls.xlsx`) are not."""
    base = name.rsplit("/", 1)[-1].lower()
    return base.endswith(SUPPORTED_SUFFIXES) and not base.startswith((".", "~$"))


def columns_may_come_late(name: str) -> bool:
    """Tell whether rows may bring columns that those before them lack: JSON leaves out what is empty, sheets differ."""
    return name.lower().endswith((*_JSON, *_WORKBOOKS))


def has_header_row(name: str) -> bool:
    """Tell whether the names of a file's columns are its first row, which somebody may have left out."""
    return name.lower().endswith((*_DELIMITED, *_WORKBOOKS))


def read_rows(file: BinaryIO, name: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Rows]:
    """Yield the data rows of a request file in order, each exactly once.

    Args:
        file: a seekable binary file; it is read from its start, and stays open.
        name: the file's path below its folder. Its suffix says the format, and errors name it.
        limits: how large the file and what is in it may be.

    Yields:
        At most 2,000 rows and about 3 MB at once (a single row may be larger).

    Raises:
        UnreadableFile: the file's format is not supported, it is not what its name says, it has no data rows, it is
            damaged, or it is larger than the limits allow; in the last two cases perhaps after the rows before that place.
    """
    read = _reader(name)
    size = file.seek(0, io.SEEK_END)
    limits.check_size(size, name)
    is_packed = name.lower().endswith((*_WORKBOOKS, *_PARQUET))
    count = unpacked = 0
    for block in read(file, name, limits):
        for piece in pieces(block):
            check_width(piece.cells.num_columns, name)
            _check_cells(piece, count, name, limits)
            if is_packed:
                unpacked += piece.cells.nbytes
                limits.check_unpacked(unpacked, size, name)
            numbers = pa.array(range(count + 1, count + 1 + piece.cells.num_rows), pa.int64())
            count += len(numbers)
            yield Rows(piece.part, numbers, piece.cells, piece.problems)
    if not count:
        raise UnreadableFile(f"'{name}' has no data rows: put at least one in it and drop it again.")


def _reader(name: str) -> Callable[[BinaryIO, str, Limits], Iterator[Block]]:
    """Return the reader for the format that the name's suffix says, loading only its libraries."""
    suffix = name.lower()
    if suffix.endswith(_DELIMITED):
        from batch_classifier.requests.readers.delimited import read_delimited

        return read_delimited
    if suffix.endswith(_JSON):
        from batch_classifier.requests.readers.json_records import read_json

        return read_json
    if suffix.endswith(_WORKBOOKS):
        return partial(read_isolated, "workbook")
    if suffix.endswith(_PARQUET):
        return partial(read_isolated, "parquet")
    raise UnreadableFile(f"'{name}' is of a format that cannot be read: use one of {', '.join(SUPPORTED_SUFFIXES)}.")


def _check_cells(piece: Block, rows_before: int, name: str, limits: Limits) -> None:
    if piece.cells.nbytes <= limits.cell_bytes:
        return
    for column in piece.cells.columns:
        lengths = pc.binary_length(column)
        longest = pc.max(lengths).as_py() or 0
        limits.check_cell(longest, rows_before + 1 + pc.index(lengths, longest).as_py(), name)
