"""The warehouse's DuckDB file as dagster-duckdb's resource, for the IO manager and for assets that a team adds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import Field

from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.file_access import FileAccess
from batch_classifier.warehouse.duckdb import WAIT_SECONDS
from batch_classifier.warehouse.duckdb_file import connected


class WarehouseFile(DuckDBResource):
    """dagster-duckdb's `DuckDBResource`, whose connections are those of the warehouse.

    Only one process at a time may have a DuckDB file open. dagster-duckdb opens it by itself, gives up after some tries,
    and leaves it open when the body of the `with` raises; here a connection waits its turn, is let go whatever happens, and
    has the warehouse's memory limit. An asset that uses it names the pool, so that it holds up nobody:

        @dg.asset(deps=[dg.AssetKey(["travel", "classifications"])], pool="duckdb")
        def busiest_day(duckdb: DuckDBResource) -> dg.MaterializeResult:
            with duckdb.get_connection() as connection:
                day = connection.sql("select max_by(date, requests) from travel.daily_categories").fetchall()
            return dg.MaterializeResult(metadata={"day": str(day[0][0])})
    """

    wait_seconds: float = Field(
        default=WAIT_SECONDS, description="How long a connection waits while another program has the file open."
    )
    file_mode: int = Field(default=FileAccess.mode, description="Permissions of the file.")

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the file; fails in one sentence when another program keeps it for too long."""
        path, access = Path(self.database), FileAccess(self.file_mode)
        with told_in_one_sentence(), connected(path, self.wait_seconds, access) as connection:
            yield connection
