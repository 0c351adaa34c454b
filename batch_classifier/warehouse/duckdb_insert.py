"""Record batches into a table of DuckDB, by column name and in bounded memory."""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from batch_classifier.record_batches import BYTES_AT_ONCE, bounded
from batch_classifier.warehouse.duckdb_memory import LargestVector, allow, memory_for
from batch_classifier.warehouse.read_ahead import read_ahead


def insert(connection: duckdb.DuckDBPyConnection, table: str, batches: Iterable[pa.RecordBatch]) -> int:
    """Insert all batches; returns how many rows they had. Whatever the batches raise comes through as it is.

    The batches have one schema, whose columns may be in another order than the table's. They are made in a thread of
    their own, one statement ahead: DuckDB leaves Python alone while it works. Where the rows are long, DuckDB's limit grows.
    """
    count, largest = 0, LargestVector()
    # A statement has its price, and so has memory: twice this much is held, what is inserted and what is made meanwhile.
    for some in read_ahead(bounded(batches), BYTES_AT_ONCE):
        for batch in some:
            largest.pass_by(batch)
        allow(connection, memory_for(largest.bytes))
        # A registered pa.Table would be kept until the end of the transaction; a reader is let go when it is read.
        connection.register("incoming", pa.RecordBatchReader.from_batches(some[0].schema, some))
        connection.execute(f"insert into {table} by name select * from incoming")
        connection.unregister("incoming")
        count += sum(batch.num_rows for batch in some)
    return count
