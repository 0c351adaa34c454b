"""The asset bedrock_jsonl: the batches of JSONL that hold the texts not answered before."""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa

from batch_classifier.batches.bedrock_jsonl import BatchPlan
from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.inference.interface import Inference
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import (
    BEDROCK_JSONL,
    RAW_REQUESTS,
    TableRows,
)


def build_bedrock_jsonl(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(
        **table_asset(prompt, BEDROCK_JSONL, {"python", "json"}),
        deps=[asset_key(prompt.name, RAW_REQUESTS.name)],
        pool=WAREHOUSE_POOL,
    )
    def bedrock_jsonl(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        inference: dg.ResourceParam[Inference],
        internal_folder: dg.ResourceParam[Folder],
        progress: dg.ResourceParam[Progress],
    ) -> TableRows:
        plan = BatchPlan(
            prompt,
            context.partition_key,
            warehouse,
            inference,
            internal_folder,
            lambda done, total: progress.report("bedrock_jsonl", done, total, context.log.info),
        )

        def batches() -> Iterator[pa.RecordBatch]:
            with told_in_one_sentence():
                yield from plan

        def describe() -> dict:
            costs = [batch["estimated_cost_usd"] for batch in plan.batches]
            shown = [
                "batch",
                "records",
                "bytes",
                "estimated_input_tokens",
                "estimated_output_tokens",
                "estimated_cost_usd",
                "uri",
            ]
            return {
                "distinct_texts": plan.distinct_texts,
                "answered_before": plan.answered_before,
                "on_their_way": plan.on_their_way,
                "new_texts": plan.new_texts,
                "estimated_cost_usd": "no price is known for this model; set model.price"
                if None in costs
                else float(sum(costs)),
                "budget_usd": prompt.budget_usd,
                "files": markdown_table(plan.batches[:50], shown),
            }

        return TableRows(batches(), describe)

    return bedrock_jsonl
