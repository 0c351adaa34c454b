"""The check within_budget: what a file's batches would cost, what is left of the prompt's budgets, and how to go on. It blocks."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from batch_classifier.cascade.local_answers import is_local
from batch_classifier.defs.blocking_check import blocking_check, holding_up
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key, partitions_of
from batch_classifier.inference.interface import Inference, NotNow
from batch_classifier.notes.budget import Budget, is_approval
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BEDROCK_JSONL


def build_within_budget(prompt: Prompt) -> dg.AssetChecksDefinition:
    """The check of a prompt's batches."""
    specification, settings = blocking_check(
        WAREHOUSE_POOL,
        asset=asset_key(prompt.name, BEDROCK_JSONL.name),
        name="within_budget",
        description="The budgets cover what is to be sent, or a person lets the file pass.",
        partitions_def=partitions_of(prompt.name),
    )

    @dg.multi_asset_check(specs=[specification], **settings)
    def check(
        context: dg.AssetCheckExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        inference: dg.ResourceParam[Inference],
        internal_folder: dg.ResourceParam[Folder],
    ) -> Iterator[dg.AssetCheckResult]:
        with told_in_one_sentence():
            budget = Budget(
                prompt,
                context.partition_key,
                warehouse,
                inference,
                internal_folder,
                is_approval(context.run.tags),
            )
            rows = warehouse.query(prompt.name, queries.batches(warehouse, prompt, context.partition_key))
            result = within_budget(budget, [Batch.from_row(row) for row in rows])
        yield from holding_up(result)

    return check


def within_budget(budget: Budget, batches: Sequence[Batch]) -> dg.AssetCheckResult:
    """ERROR for batches that the budgets do not cover; what was sent, or is reserved, is not asked about again."""
    try:
        sends = budget.unsent([batch for batch in batches if not is_local(batch)])
    except NotNow:
        # The service is too busy to say what was sent; batch_job asks again before it sends anything.
        sends = []
    refusal = budget.refusal(sends)
    metadata: dict[str, Any] = {
        "would_cost_usd": sum(send.usd or 0.0 for send in sends),
        "budget_usd": budget.prompt.budget_usd,
        "approved": budget.is_approved,
    }
    if (stand := budget.monthly()) is not None:
        metadata |= {
            "monthly_budget_usd": stand.budget,
            "spent_this_month_usd": stand.spent,
            "reserved_usd": stand.reserved,
            "left_of_month_usd": stand.left,
        }
    return dg.AssetCheckResult(
        passed=refusal is None,
        severity=dg.AssetCheckSeverity.ERROR,
        description=refusal,
        metadata=metadata,
    )
