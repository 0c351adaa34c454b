"""The asset bedrock_jsonl: the batches of JSONL that hold the texts not answered before."""

from typing import Any

import dagster as dg

from batch_classifier.batches.bedrock_jsonl import BedrockJsonl
from batch_classifier.batches.cascaded_texts import CascadedTexts
from batch_classifier.batches.estimate import Estimate
from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.cascade_metadata import certificate_metadata
from batch_classifier.defs.failures import rows_or_failure
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.inference.interface import Inference
from batch_classifier.notes.budget import is_approval
from batch_classifier.notes.fresh import is_fresh
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BEDROCK_JSONL, RAW_REQUESTS, TableRows

_BATCHES_SHOWN = 50
_COLUMNS_SHOWN = [
    "batch",
    "records",
    "lines",
    "bytes",
    "estimated_input_tokens",
    "estimated_output_tokens",
    "estimated_cost_usd",
    "uri",
]


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
        made = BedrockJsonl(
            prompt,
            context.partition_key,
            warehouse,
            inference,
            internal_folder,
            lambda done, total: progress.report("bedrock_jsonl", done, total, context.log.info),
            is_approved=is_approval(context.run.tags),
            is_fresh=is_fresh(context.run.tags),
        )
        return TableRows(rows_or_failure(made), lambda: shown(made))

    return bedrock_jsonl


def estimated(estimate: Estimate) -> dict[str, Any]:
    """An estimate, as it is shown: tokens, what Bedrock charges for them, and what it would without each saving."""
    return {
        "estimated_input_tokens": estimate.input_tokens,
        "estimated_output_tokens": estimate.output_tokens,
        "estimate_relies_on": estimate.basis,
        "price": estimate.price_source,
        "on_bedrock_usd": "price unknown" if estimate.cost_usd is None else estimate.cost_usd,
        **{f"without_{saving}_usd": cost for saving, cost in estimate.without.items()},
    }


def cascaded(cascade: CascadedTexts) -> dict[str, Any]:
    """What the cascade has decided."""
    metadata: dict[str, Any] = {
        "cascade": cascade.outcome,
        "answered_by_local_model": cascade.local_texts,
        "waiting_for_the_sample": cascade.deferred,
    }
    return metadata | (certificate_metadata(cascade.decision.summary()) if cascade.decision else {})


def shown(made: BedrockJsonl) -> dict[str, Any]:
    """What Dagster shows of the batches, once they are there."""
    costs = [batch.estimated_cost_usd for batch in made.batches]
    known = [cost for cost in costs if cost is not None]
    price_source = made.estimate.price_source if made.estimate else "nothing is to be asked"
    return {
        "distinct_texts": made.distinct_texts,
        "answered_before": made.answered_before,
        "on_their_way": made.on_their_way,
        "new_texts": made.new_texts,
        **(cascaded(made.cascade) if made.cascade else {}),
        "asked_again": made.asked_again,
        "estimated_cost_usd": float(sum(known)) if len(known) == len(costs) else price_source,
        **(estimated(made.estimate) if made.estimate else {}),
        "budget_usd": made.prompt.budget_usd,
        "files": markdown_table([batch.to_row() for batch in made.batches[:_BATCHES_SHOWN]], _COLUMNS_SHOWN),
    }
