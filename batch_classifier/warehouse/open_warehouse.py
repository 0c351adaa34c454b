"""The warehouse that the settings choose. A new kind is a module of this folder, a line here, and its name in the settings."""

from collections.abc import Callable

from batch_classifier.settings import Settings
from batch_classifier.warehouse.interface import Warehouse


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse of a deployment. Nothing is connected to yet; raises SettingError for an address that can't be used."""
    return WAREHOUSES[settings.warehouse_kind](settings)


def _duckdb(settings: Settings) -> Warehouse:
    from batch_classifier.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings.warehouse_file.absolute(), access=settings.file_access)


def _athena(settings: Settings) -> Warehouse:
    from batch_classifier.warehouse.athena import AthenaWarehouse

    return AthenaWarehouse(
        settings.tables_location,
        database=settings.glue_database,
        workgroup=settings.athena_workgroup,
        output_uri=settings.athena_output,
        kms_key_id=settings.kms_key_id,
    )


WAREHOUSES: dict[str, Callable[[Settings], Warehouse]] = {"duckdb": _duckdb, "athena": _athena}


def open_to_read(settings: Settings, wait_seconds: float) -> Warehouse:
    """The same for those who only read, beside others who do; a DuckDB file that is written to is waited for so long."""
    if settings.warehouse_kind != "duckdb":
        return open_warehouse(settings)
    from batch_classifier.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(
        settings.warehouse_file.absolute(), wait_seconds, access=settings.file_access, read_only=True
    )
