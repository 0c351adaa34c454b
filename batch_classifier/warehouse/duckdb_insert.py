"""Record batches into a table of DuckDB, by column name and in bounded memory."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa

# A statement has its price, and so has memory: twice this much is held, what is inserted and what is made meanwhile.
_BYTES_A_STATEMENT = 5_000_000


def insert(connection: duckdb.DuckDBPyConnection, table: str, batches: Iterable[pa.RecordBatch]) -> int:
    """Insert all batches; returns how many rows they had. Whatever the batches raise comes through as it is.

    The batches have one schema, whose columns may be in another order than the table's. They are made in a thread of
    their own, one statement ahead: DuckDB leaves Python alone while it works.
    """
    count = 0
    for some in _ahead(batches):
        # A registered pa.Table would be kept until the end of the transaction; a reader is let go when it is read.
        connection.register("incoming", pa.RecordBatchReader.from_batches(some[0].schema, some))
        connection.execute(f"insert into {table} by name select * from incoming")
        connection.unregister("incoming")
        count += sum(batch.num_rows for batch in some)
    return count


def _ahead(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    source = iter(batches)

    def take() -> list[pa.RecordBatch]:
        some: list[pa.RecordBatch] = []
        size = 0
        while size < _BYTES_A_STATEMENT and (batch := next(source, None)) is not None:
            some.append(batch)
            size += batch.nbytes
        return some

    # Whoever stops early waits here for the batches that are being made, so that nothing goes on behind his back.
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(take)
        while some := coming.result():
            coming = thread.submit(take)
            yield some
