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
