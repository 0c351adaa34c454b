"""Parquet files, a few thousand rows at a time, with every column as text."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.errors import UnreadableFile
from batch_classifier.requests.readers.cell_text import cell_text
from batch_classifier.requests.readers.rows import ROWS_AT_ONCE, Block, string_array, unique_names, without_blank_rows


def read_parquet(file: BinaryIO, name: str) -> Iterator[Block]:
    """Yield the rows of a Parquet file in order.

    Raises:
        UnreadableFile: the file is not Parquet, or damaged; the rows before the damage were yielded.
    """
    import pyarrow.parquet as pq

    file.seek(0)
    try:
        # Unbuffered, a row group would be in memory as a whole.
        source = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
        names = unique_names(source.schema_arrow.names)
        for batch in source.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
            columns = [_as_text(column) for column in batch.columns]
            cells = pa.RecordBatch.from_arrays(columns, names=names)
            yield without_blank_rows(Block(None, cells, pa.nulls(cells.num_rows, pa.string())))
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise UnreadableFile(
            f"'{name}' cannot be read as a Parquet file ({reason}): write it again, or drop the whole file again."
        ) from error


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
