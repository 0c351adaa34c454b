"""The asset result_files: the classifications as files for people."""

import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from batch_classifier.defs.assets.table_asset import prompt_asset
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.result_file import own_columns, write_results
from batch_classifier.results.result_key import result_key
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import (
    CLASSIFICATIONS,
)


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
    ) -> dg.MaterializeResult:
        request_file = context.partition_key
        metadata: dict[str, Any] = {}
        with told_in_one_sentence():
            with warehouse.read(prompt.name, CLASSIFICATIONS, request_file, ["attributes"]) as attributes:
                columns = own_columns(attributes)
            labelled = bool(warehouse.query(prompt.name, queries.confusion(warehouse, prompt, request_file)))
            for format in config.formats or prompt.results:
                key = result_key(prompt.name, request_file, datetime.date.today(), format)
                with customer_folder.spool() as path:
                    with path.open("wb") as file, warehouse.read(prompt.name, CLASSIFICATIONS, request_file) as rows:
                        metadata["dagster/row_count"] = write_results(rows, columns, file, format, labelled)
                    customer_folder.publish(path, key)
                metadata[format] = dg.MetadataValue.path(customer_folder.uri_of(key))
        return dg.MaterializeResult(metadata=metadata)

    return result_files
