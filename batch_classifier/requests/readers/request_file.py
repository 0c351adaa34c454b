"""Request files of every format, read as a stream of rows: the one door to all readers."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.requests.readers.rows import BYTES_AT_ONCE, ROWS_AT_ONCE, Block, Rows

__all__ = ["SUPPORTED_SUFFIXES", "Rows", "columns_may_come_late", "is_supported", "read_rows"]

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


def read_rows(file: BinaryIO, name: str) -> Iterator[Rows]:
    """Yield the data rows of a request file in order, each exactly once.

    Args:
        file: a seekable binary file; it is read from its start, and stays open.
        name: the file's path below its folder. Its suffix says the format, and errors name it.

    Yields:
        At most 2,000 rows and about 3 MB at once (a single row may be larger).

    Raises:
        UnreadableFile: the file's format is not supported, it is not what its name says, it has no data rows, or it is
            damaged; in the last case after the rows before the damage.
    """
    count = 0
    for block in _reader(name)(file, name):
        for piece in _pieces(block):
            numbers = pa.array(range(count + 1, count + 1 + piece.cells.num_rows), pa.int64())
            count += len(numbers)
            yield Rows(piece.part, numbers, piece.cells, piece.problems)
    if not count:
        raise UnreadableFile(f"'{name}' has no data rows: put at least one in it and drop it again.")


def _reader(name: str) -> Callable[[BinaryIO, str], Iterator[Block]]:
    """Return the reader for the format that the name's suffix says, loading only its libraries."""
    suffix = name.lower()
    if suffix.endswith(_DELIMITED):
        from batch_classifier.requests.readers.delimited import read_delimited

        return read_delimited
    if suffix.endswith(_JSON):
        from batch_classifier.requests.readers.json_records import read_json

        return read_json
    if suffix.endswith(_WORKBOOKS):
        from batch_classifier.requests.readers.workbook import read_workbook

        return read_workbook
    if suffix.endswith(_PARQUET):
        from batch_classifier.requests.readers.parquet import read_parquet

        return read_parquet
    raise UnreadableFile(f"'{name}' is of a format that cannot be read: use one of {', '.join(SUPPORTED_SUFFIXES)}.")


def _pieces(block: Block) -> Iterator[Block]:
    """Yield the block in pieces of at most `ROWS_AT_ONCE` rows and, unless it is one row, `BYTES_AT_ONCE` bytes."""
    while block.cells.num_rows:
        piece = block.slice(0, ROWS_AT_ONCE)
        while piece.cells.nbytes > BYTES_AT_ONCE and piece.cells.num_rows > 1:
            piece = piece.slice(0, piece.cells.num_rows // 2)
        yield piece
        block = block.slice(piece.cells.num_rows)
