"""IO managers: what an asset yields as TableRows becomes the rows of its request file in the warehouse."""

from pathlib import Path

import dagster as dg
import pyarrow as pa

from batch_classifier.defs.dashboard_links import DashboardLinks
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import Preview
from batch_classifier.defs.names import DUCKDB, RUN_PROCESS
from batch_classifier.file_access import FileAccess
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.tables import PARTITION_COLUMN, TABLES, Table, TableRows

_TABLES = {table.name: table for table in TABLES}


class TablesIOManager(dg.IOManager):
    """Writes TableRows as a partition of the warehouse's tables, and loads partitions as Arrow tables."""

    def __init__(self, warehouse: Warehouse, links: DashboardLinks | None = None) -> None:
        self.warehouse = warehouse
        self.links = links

    def handle_output(self, context: dg.OutputContext, obj: TableRows) -> None:
        """Replace the request file's rows, all or nothing; they are visible the moment this returns."""
        if not isinstance(obj, TableRows):
            raise dg.Failure(
                description=f"{context.asset_key.to_user_string()} returned {type(obj).__name__}, and the tables take TableRows; "
                "an asset that stores its result by itself returns a MaterializeResult.",
                allow_retries=False,
            )
        prompt, table = _prompt_and_table(context.asset_key)
        request_file = _request_file(context)
        preview = Preview()
        with told_in_one_sentence():
            count = self.warehouse.replace(prompt, table, request_file, preview.watch(obj.batches))
        name = self.warehouse.name(prompt, table)
        context.add_output_metadata(
            {
                "dagster/row_count": count,
                "dagster/table_name": name,
                "Query": f"select * from {name} where {PARTITION_COLUMN} = {literal(request_file)}",
                "preview": preview.markdown(),
                **obj.describe(),
                **(self.links.metadata(prompt, request_file) if self.links else {}),
            }
        )

    def load_input(self, context: dg.InputContext) -> pa.Table:
        """The request file's rows."""
        prompt, table = _prompt_and_table(context.asset_key)
        with told_in_one_sentence(), self.warehouse.read(prompt, table, _request_file(context)) as batches:
            # A warehouse may have another name for UTC than the table.
            return pa.Table.from_batches((batch.cast(table.schema) for batch in batches), schema=table.schema)


# Every step has an output, so the IO manager is there in every run, and with it what marks the run's process.


@dg.io_manager(required_resource_keys={RUN_PROCESS, "warehouse"}, description=TablesIOManager.__doc__)
def warehouse_tables(context: dg.InitResourceContext) -> TablesIOManager:
    """The tables of the resource `warehouse`."""
    return TablesIOManager(context.resources.warehouse)


@dg.io_manager(required_resource_keys={RUN_PROCESS, DUCKDB}, description=TablesIOManager.__doc__)
def duckdb_tables(context: dg.InitResourceContext) -> TablesIOManager:
    """The tables of the resource `duckdb`, by its connections."""
    from batch_classifier.warehouse.duckdb import DuckDBWarehouse

    database = getattr(context.resources, DUCKDB)
    path, access = Path(database.database), FileAccess(database.file_mode)
    return TablesIOManager(DuckDBWarehouse(path, connections=database.get_connection, access=access))


def linked(tables: dg.IOManagerDefinition, links: DashboardLinks) -> dg.IOManagerDefinition:
    """The same IO manager, which shows a link to the dashboard beside what it has written."""

    @dg.io_manager(required_resource_keys=set(tables.required_resource_keys), description=tables.description)
    def io_manager(context: dg.InitResourceContext) -> TablesIOManager:
        manager: TablesIOManager = tables.resource_fn(context)  # type: ignore[call-arg]
        manager.links = links
        return manager

    return io_manager


def _prompt_and_table(key: dg.AssetKey) -> tuple[str, Table]:
    prompt, name = key.path
    return prompt, _TABLES[name]


def _request_file(context: dg.OutputContext | dg.InputContext) -> str:
    partitions = context.asset_partition_keys
    if len(partitions) != 1:
        raise dg.Failure(
            description="A run takes one request file; launch one run for each partition.", allow_retries=False
        )
    return partitions[0]
