"""A partition's rows as one Parquet file: written row group by row group, read by column name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from batch_classifier.record_batches import bounded, rows_at_once
from batch_classifier.warehouse.tables import Table

# A row group is what Athena reads at once and what is held here while writing.
ROW_GROUP_BYTES = 32_000_000


def stored_schema(table: Table) -> pa.Schema:
    """The columns inside the file: all but the partition's, times in milliseconds.

    Athena reads no finer times from Parquet (https://docs.aws.amazon.com/athena/latest/ug/data-types-timestamps.html).
    """
    kinds = {pa.timestamp("us", tz="UTC"): pa.timestamp("ms", tz="UTC")}
    inside = [column for column in table.schema if column.name != table.partition_column]
    return pa.schema([pa.field(column.name, kinds.get(column.type, column.type)) for column in inside])


def write_rows(path: Path, table: Table, partition: str, rows: Iterable[pa.RecordBatch]) -> int:
    """Write the rows, by column name, and return how many; no rows make a file too.

    Raises ValueError for a column that the table does not have, or rows that belong to another partition.
    """
    import pyarrow.parquet

    schema, count = stored_schema(table), 0
    held: list[pa.RecordBatch] = []
    marked = schema.with_metadata({table.partition_column: partition})
    with pyarrow.parquet.ParquetWriter(path, marked, compression="zstd") as writer:
        for batch in rows:
            held.append(_as_stored(batch, table, partition, schema))
            count += batch.num_rows
            if sum(piece.nbytes for piece in held) >= ROW_GROUP_BYTES:
                _write_group(writer, held, marked)
        _write_group(writer, held, marked)
    return count


def _write_group(writer: "pa.parquet.ParquetWriter", held: list[pa.RecordBatch], schema: pa.Schema) -> None:
    if not held:
        return
    group = pa.Table.from_batches(held).replace_schema_metadata(schema.metadata)
    held.clear()
    if group.num_rows:
        writer.write_table(group, row_group_size=group.num_rows)


def _as_stored(batch: pa.RecordBatch, table: Table, partition: str, schema: pa.Schema) -> pa.RecordBatch:
    names = set(batch.schema.names)
    if unknown := names - set(table.schema.names):
        raise ValueError(f"the table {table.name} has no column {sorted(unknown)[0]}")
    if table.partition_column in names:
        others = set(batch[table.partition_column].unique().to_pylist()) - {partition}
        if others:
            kind = table.partition_column.replace("_", " ")
            raise ValueError(f"a row of {others.pop()!r} does not belong to the {kind} {partition!r}")
    given = {name: batch[name] for name in names}
    # Not safe: what is finer than a millisecond is cut off.
    columns = [
        given.get(column.name, pa.nulls(batch.num_rows, column.type)).cast(column.type, safe=False) for column in schema
    ]
    return pa.record_batch(columns, schema=schema)


def read_rows(path: Path, table: Table, partition: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The file's rows in the order of writing, with the partition's column; one younger than the file is null."""
    import pyarrow.parquet

    schema = pa.schema([table.schema.field(column).remove_metadata() for column in columns])
    named = {table.partition_column: partition}
    # What is buffered ahead is kept until the end: the whole file.
    with pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
        inside = [column for column in columns if column in file.schema_arrow.names]
        # Without a column of the file there are still its rows to count.
        wanted = inside or file.schema_arrow.names[:1]
        for place in range(file.num_row_groups):
            group = file.metadata.row_group(place)
            rows = rows_at_once(group.num_rows, group.total_byte_size)
            batches = file.iter_batches(rows, row_groups=[place], columns=wanted, use_threads=False)
            yield from (_as_asked(batch, schema, named) for batch in bounded(batches))


def _as_asked(batch: pa.RecordBatch, schema: pa.Schema, named: Mapping[str, str]) -> pa.RecordBatch:
    size = batch.num_rows
    given = {name: pa.repeat(pa.scalar(value, pa.string()), size) for name, value in named.items()}
    given |= {name: batch[name] for name in batch.schema.names}
    columns = [given.get(column.name, pa.nulls(size, column.type)).cast(column.type) for column in schema]
    return pa.record_batch(columns, schema=schema)
