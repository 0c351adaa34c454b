"""A throw-away DuckDB of this process, for joins and sets that may outgrow memory: what does not fit goes to the disk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from batch_classifier.storage.unfinished import temporary_folder
from batch_classifier.warehouse.duckdb_insert import insert

_MEMORY_BYTES = 100_000_000


@contextmanager
def scratch_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database that is gone at the end of the `with`.

    One thread, so that a stream keeps its order; the right side of a join is what is held, as it is written.
    """
    with temporary_folder() as directory:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{_MEMORY_BYTES}B",
            "threads": "1",
            "temp_directory": str(directory),
        }
        # In memory, up to the limit: a file would be written twice, to its log and to itself, and packed before it is deleted.
        connection = duckdb.connect(":memory:", config=config)
        try:
            connection.execute("set disabled_optimizers = 'build_side_probe_side,join_order'")
            yield connection
        finally:
            connection.close()


def load(
    connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> None:
    """Make a table of these record batches, also when there is none."""
    connection.register("incoming", schema.empty_table())
    connection.execute(f"create table if not exists {table} as select * from incoming")
    connection.unregister("incoming")
    insert(connection, table, batches)


def one_number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one whole number that a query gives; 0 for null."""
    # fetchall, because the connection takes nothing else before a result is read to its end.
    ((value,),) = connection.execute(sql).fetchall()
    return int(value or 0)
