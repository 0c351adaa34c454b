"""IO managers: what an asset yields as TableRows becomes the rows of its request file in the warehouse."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
from dagster._core.storage.db_io_manager import DbTypeHandler, TableSlice
from dagster_duckdb import DuckDBIOManager
from dagster_duckdb.io_manager import DbIOManager, DuckDbClient

from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import Preview
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.tables import TABLES, Table, TableRows

_TABLES = {table.name: table for table in TABLES}


class DuckDBTablesIOManager(DuckDBIOManager):
    """dagster-duckdb's IO manager with one transaction a partition and streams of Arrow record batches in and out.

    What dagster-duckdb does by itself is a delete and an insert in two transactions, by position.
    """

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler]:
        """The one handler."""
        return [_TableRowsHandler()]

    @staticmethod
    def default_load_type() -> type | None:
        """A loaded partition is an Arrow table."""
        return pa.Table

    def create_io_manager(self, context: dg.InitResourceContext) -> DbIOManager:
        """The IO manager with our client."""
        return DbIOManager(
            db_client=_TransactionalClient(),
            database=self.database,
            schema=self.schema_,
            type_handlers=self.type_handlers(),
            default_load_type=self.default_load_type(),
            io_manager_name="DuckDBTablesIOManager",
        )


class AthenaTablesIOManager(dg.IOManager):
    """Writes TableRows as a partition of the tables that Athena queries, and loads partitions as Arrow tables."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse

    def handle_output(self, context: dg.OutputContext, obj: TableRows) -> None:
        """Replace the request file's rows; they are visible the moment this returns."""
        prompt, table = _prompt_and_table(context.asset_key)
        preview = Preview()
        with told_in_one_sentence():
            count = self.warehouse.replace(prompt, table, context.partition_key, preview.watch(obj.batches))
        context.add_output_metadata(
            {
                "dagster/row_count": count,
                "dagster/table_name": self.warehouse.name(prompt, table),
                "preview": preview.markdown(),
                **obj.describe(),
            }
        )

    def load_input(self, context: dg.InputContext) -> pa.Table:
        """The request file's rows."""
        prompt, table = _prompt_and_table(context.asset_key)
        with told_in_one_sentence(), self.warehouse.read(prompt, table, context.partition_key) as batches:
            return pa.Table.from_batches(batches, schema=table.schema)


def _prompt_and_table(key: dg.AssetKey) -> tuple[str, Table]:
    prompt, name = key.path
    return prompt, _TABLES[name]


class _TransactionalClient(DuckDbClient):
    """Opens the database when it is free; deletes nothing by itself, for that belongs to the handler's transaction."""

    @staticmethod
    @contextmanager
    def connect(
        context: dg.OutputContext | dg.InputContext, table_slice: TableSlice
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        with told_in_one_sentence(), DuckDBWarehouse(_database(context)).connect(table_slice.schema) as connection:
            yield connection

    @staticmethod
    def ensure_schema_exists(
        context: dg.OutputContext, table_slice: TableSlice, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """The connection has seen to it."""

    @staticmethod
    def delete_table_slice(
        context: dg.OutputContext, table_slice: TableSlice, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """The handler does it."""


class _TableRowsHandler(DbTypeHandler):
    """Writes TableRows, loads Arrow tables."""

    @property
    def supported_types(self) -> Sequence[type[object]]:
        return [TableRows, pa.Table]

    def handle_output(
        self,
        context: dg.OutputContext,
        table_slice: TableSlice,
        obj: TableRows,
        connection: duckdb.DuckDBPyConnection,
    ) -> dict[str, dg.MetadataValue]:
        table = _TABLES[table_slice.table]
        preview = Preview()
        count = DuckDBWarehouse(_database(context)).replace_with(
            connection, table_slice.schema, table, _request_file(table_slice), preview.watch(obj.batches)
        )
        return {"dagster/row_count": dg.MetadataValue.int(count), "preview": preview.markdown(), **obj.describe()}

    def load_input(
        self, context: dg.InputContext, table_slice: TableSlice, connection: duckdb.DuckDBPyConnection
    ) -> pa.Table:
        table = _TABLES[table_slice.table]
        name = f"{table_slice.schema}.{table.name}"
        sql = f"select * from {name} where request_file = {literal(_request_file(table_slice))}"
        return connection.sql(sql).to_arrow_table()


def _database(context: dg.OutputContext | dg.InputContext) -> Path:
    assert context.resource_config is not None
    return Path(str(context.resource_config["database"]))


def _request_file(table_slice: TableSlice) -> str:
    assert table_slice.partition_dimensions
    partitions = table_slice.partition_dimensions[0].partitions
    if len(partitions) != 1:
        raise dg.Failure(
            description="A run takes one request file; launch one run for each partition.", allow_retries=False
        )
    return str(partitions[0])
