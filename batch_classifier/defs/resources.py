"""What the assets work with, chosen by the settings: two dictionaries side by side for each part that differs."""

from collections.abc import Callable
from typing import Any

from batch_classifier.inference.registry import open_inference
from batch_classifier.progress import LogProgress
from batch_classifier.settings import Settings
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.warehouse.interface import Warehouse


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources of a deployment, by the name that assets ask for. Nothing is connected to yet."""
    return {
        "customer_folder": open_folder(settings.customer_location, settings.kms_key_id),
        "internal_folder": open_folder(settings.internal_location, settings.kms_key_id),
        "inference": open_inference(settings),
        "warehouse": WAREHOUSES[settings.warehouse_kind](settings),
        "io_manager": IO_MANAGERS[settings.warehouse_kind](settings),
        "progress": LogProgress(),
    }


def _athena_warehouse(settings: Settings) -> Warehouse:
    from batch_classifier.warehouse.athena import AthenaWarehouse

    return AthenaWarehouse(
        settings.tables_uri or f"{settings.internal_location.rstrip('/')}/tables",
        database=settings.glue_database,
        workgroup=settings.athena_workgroup,
        output_uri=settings.athena_output,
        kms_key_id=settings.kms_key_id,
    )


def _duckdb_warehouse(settings: Settings) -> Warehouse:
    from batch_classifier.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings.warehouse_file.absolute())


def _duckdb_io_manager(settings: Settings) -> Any:
    from batch_classifier.defs.io_managers import DuckDBTablesIOManager

    return DuckDBTablesIOManager(database=str(settings.warehouse_file.absolute()))


def _athena_io_manager(settings: Settings) -> Any:
    from batch_classifier.defs.io_managers import AthenaTablesIOManager

    return AthenaTablesIOManager(_athena_warehouse(settings))


WAREHOUSES: dict[str, Callable[[Settings], Warehouse]] = {
    "duckdb": _duckdb_warehouse,
    "athena": _athena_warehouse,
}
IO_MANAGERS: dict[str, Callable[[Settings], Any]] = {
    "duckdb": _duckdb_io_manager,
    "athena": _athena_io_manager,
}
