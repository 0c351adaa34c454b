"""The asset result_files: the classifications as files for people."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from batch_classifier.defs.assets.table_asset import prompt_asset
from batch_classifier.defs.dashboard_links import DashboardLinks
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.result_files import ResultFile, write_result_files
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS


class ResultFilesConfig(dg.Config):
    """Settings of one run of result_files."""

    formats: list[str] = Field(
        default=[], description="csv, json or xlsx; by default what the prompt's `results` says."
    )


def build_result_files(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(
        **prompt_asset(
            prompt,
            "result_files",
            f"The classifications as files for people: {', '.join(prompt.results)}.",
            {"file", "excel"} if "xlsx" in prompt.results else {"file"},
        ),
        deps=[asset_key(prompt.name, CLASSIFICATIONS.name)],
        pool=WAREHOUSE_POOL,
    )
    def result_files(
        context: dg.AssetExecutionContext,
        config: ResultFilesConfig,
        warehouse: dg.ResourceParam[Warehouse],
        customer_folder: dg.ResourceParam[Folder],
        dashboard_links: dg.ResourceParam[DashboardLinks],
    ) -> dg.MaterializeResult[None]:
        with told_in_one_sentence():
            written = write_result_files(prompt, context.partition_key, warehouse, customer_folder, config.formats)
        links = dashboard_links.metadata(prompt.name, context.partition_key)
        return dg.MaterializeResult(metadata={**shown(written), **links})

    return result_files


def shown(written: Sequence[ResultFile]) -> dict[str, Any]:
    """What Dagster shows of result files: the rows, and under the name of each format where its file is."""
    rows = {"dagster/row_count": written[0].rows} if written else {}
    return rows | {file.format: dg.MetadataValue.path(file.uri) for file in written}
