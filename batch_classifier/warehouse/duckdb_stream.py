"""The result of a query as a stream of record batches, in bounded memory: more of it only where the rows are long."""

from collections.abc import Generator
from contextlib import closing

import duckdb
import pyarrow as pa

from batch_classifier.record_batches import bounded
from batch_classifier.warehouse.duckdb_memory import allow_twice, is_out_of_memory

# How long rows are shows only when they come, and so many are held at once however long; few rows take longer to pass.
_ROWS_A_READ = 256


def record_batches(
    connection: duckdb.DuckDBPyConnection, sql: str, is_ordered: bool = False
) -> Generator[pa.RecordBatch]:
    """The rows that a query gives; close the generator when it is not read to its end.

    Where DuckDB has too little memory for a vector of long texts, it gets more and is asked again, as long as there is more.
    Rows that were passed on are left out then, which takes a query that gives the same rows in the same order each time
    (`is_ordered`); of any other one, whose first row has come, the error is raised.
    """
    with closing(_read(connection, sql, is_ordered)) as rows:
        yield from bounded(rows)


def _read(connection: duckdb.DuckDBPyConnection, sql: str, is_ordered: bool) -> Generator[pa.RecordBatch]:
    passed = 0
    while True:
        to_leave_out = passed
        try:
            with connection.sql(sql).to_arrow_reader(_ROWS_A_READ) as reader:
                for batch in reader:
                    rest = batch.slice(min(to_leave_out, batch.num_rows))
                    to_leave_out -= batch.num_rows - rest.num_rows
                    if rest.num_rows:
                        passed += rest.num_rows
                        yield rest
            return
        except (duckdb.Error, OSError) as error:
            if not is_out_of_memory(error) or (passed and not is_ordered) or not allow_twice(connection):
                raise
