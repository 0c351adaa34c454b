"""Parquet files, a few megabytes at a time, with every column as text."""

import io
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.record_batches import BYTES_AT_ONCE, ROWS_AT_ONCE
from batch_classifier.requests.readers.cell_text import cell_text
from batch_classifier.requests.readers.rows import (
    Block,
    check_width,
    string_array,
    unique_names,
    without_blank_rows,
)

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_ROWS_BY_DIFFERENCES = 32
_DICTIONARY_BYTES = 64_000_000


def read_parquet(file: BinaryIO, name: str, limits: Limits) -> Iterator[Block]:
    """Yield the rows of a Parquet file in order.

    Raises:
        UnreadableFile: the file is not Parquet, is damaged, or is larger than the limits allow; in the last two cases perhaps
            after the rows before that place.
    """
    import pyarrow.parquet as pq

    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        metadata = pq.read_metadata(file)
        groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
        limits.check_unpacked(sum(map(_bytes_of, groups)), size, name)
        check_width(len(metadata.schema.to_arrow_schema().names), name)
        file.seek(0)
        # Unbuffered, a row group would be in memory as a whole.
        source = pq.ParquetFile(file, metadata=metadata, buffer_size=1 << 20, pre_buffer=False)
        names = unique_names(source.schema_arrow.names)
        for place, group in enumerate(groups):
            rows = min(_rows_by_size(group), _rows_by_dictionaries(file, metadata, place))
            for batch in source.iter_batches(rows, row_groups=[place], use_threads=False):
                columns = [_as_text(column) for column in batch.columns]
                cells = pa.RecordBatch.from_arrays(columns, names=names)
                yield without_blank_rows(Block(None, cells, pa.nulls(cells.num_rows, pa.string())))
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            f"'{name}' cannot be read as a Parquet file ({type(error).__name__}): write it again, or drop the whole file again."
        ) from error


def _rows_by_size(group: "pq.RowGroupMetaData") -> int:
    """How many rows of a row group are a few megabytes, by the sizes that it gives."""
    rows: int = max(1, min(ROWS_AT_ONCE, BYTES_AT_ONCE * group.num_rows // max(_bytes_of(group), 1)))
    # Here a text is written as the difference from the one before.
    is_by_differences = any("DELTA_BYTE_ARRAY" in column.encodings for column in _columns(group))
    return min(rows, _ROWS_BY_DIFFERENCES) if is_by_differences else rows


def _bytes_of(group: "pq.RowGroupMetaData") -> int:
    """The size of a row group when it is read, as far as its metadata tell: a value of a list takes 8 bytes, however written."""
    values: int = 8 * sum(column.num_values for column in _columns(group) if "." in column.path_in_schema)
    written: int = group.total_byte_size
    return max(written, values)


def _columns(group: "pq.RowGroupMetaData") -> "list[pq.ColumnChunkMetaData]":
    return [group.column(place) for place in range(group.num_columns)]


def _rows_by_dictionaries(file: BinaryIO, metadata: "pq.FileMetaData", place: int) -> int:
    """How many rows are at most `_DICTIONARY_BYTES`, if each has the longest text that a dictionary of the row group holds.

    In a dictionary a text is written once, and each row that has it is a few bits: the row group's size says nothing of that.
    """
    import pyarrow.parquet as pq

    columns = [
        column.path_in_schema
        for column in _columns(metadata.row_group(place))
        if column.physical_type == "BYTE_ARRAY" and "." not in column.path_in_schema and column.has_dictionary_page
    ]
    if not columns:
        return ROWS_AT_ONCE
    source = pq.ParquetFile(file, metadata=metadata, buffer_size=1 << 20, pre_buffer=False, read_dictionary=columns)
    longest = 0
    for first_row in islice(source.iter_batches(1, row_groups=[place], columns=columns, use_threads=False), 1):
        for column in first_row.columns:
            if pa.types.is_dictionary(column.type):
                longest += pc.max(pc.binary_length(column.dictionary)).as_py() or 0
    return max(1, min(ROWS_AT_ONCE, _DICTIONARY_BYTES // max(longest, 1)))


def _as_text(column: pa.Array) -> pa.StringArray:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _as_valid_text(column)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind):
        # Nanoseconds would come as objects of another library.
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        return string_array([cell_text(value) for value in column.to_pylist()])
    except (ValueError, OverflowError, RecursionError):
        # Years beyond 9999, and the like.
        return pc.cast(column, pa.string(), safe=False)


def _as_valid_text(column: pa.Array) -> pa.StringArray:
    try:
        column = column.cast(pa.string())
        column.validate(full=True)
        return column
    except pa.ArrowInvalid:
        binary = column.cast(pa.binary())
        return string_array([cell_text(value) for value in binary.to_pylist()])
