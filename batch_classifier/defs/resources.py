"""What the assets work with, by the names that they ask for; the settings choose who stands behind each name."""

from typing import Any

from batch_classifier.defs.dashboard_links import DASHBOARD_LINKS, DashboardLinks
from batch_classifier.defs.io_managers import duckdb_tables, linked, warehouse_tables
from batch_classifier.defs.names import DUCKDB, RUN_PROCESS
from batch_classifier.defs.run_process import MarksRunProcess
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.progress import LogProgress
from batch_classifier.settings import Settings
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.warehouse.open_warehouse import open_warehouse


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources of a deployment, by name. Nothing is connected to yet."""
    links = DashboardLinks(settings.dashboard_address)
    return {
        "customer_folder": open_folder(settings.customer_location, settings.kms_key_id, settings.file_access),
        "internal_folder": open_folder(settings.internal_location, settings.kms_key_id, settings.file_access),
        "forgotten_folder": open_folder(settings.forgotten_location, settings.kms_key_id, settings.file_access),
        "inference": open_inference(settings),
        "warehouse": open_warehouse(settings),
        "limits": settings.limits,
        DASHBOARD_LINKS: links,
        "progress": LogProgress(),
        RUN_PROCESS: MarksRunProcess(),
        **(
            _duckdb(settings, links)
            if settings.warehouse_kind == "duckdb"
            else {"io_manager": linked(warehouse_tables, links)}
        ),
    }


def _duckdb(settings: Settings, links: DashboardLinks) -> dict[str, Any]:
    # Only here: it imports dagster-duckdb, which takes its time.
    from batch_classifier.defs.duckdb_resource import WarehouseFile

    return {
        DUCKDB: WarehouseFile(database=str(settings.warehouse_file.absolute()), file_mode=settings.file_mode),
        "io_manager": linked(duckdb_tables, links),
    }
