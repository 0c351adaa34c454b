"""The asset classifications: one row for every request."""

from typing import Any

import dagster as dg
import pyarrow as pa

from batch_classifier.answers.classifications import Classifications
from batch_classifier.answers.finished_jobs import finished_jobs
from batch_classifier.answers.second_opinion import SecondOpinion
from batch_classifier.defs.assets.descriptions import lineage_of_classifications
from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import rows_or_failure
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.inference.interface import Inference
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BATCH_JOB, CLASSIFICATIONS, RAW_REQUESTS, TableRows

# There are a few, each in words that are the same for all its texts.
_NOTES_SHOWN = 20


def build_classifications(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(
        **table_asset(prompt, CLASSIFICATIONS, {"python", "table"}),
        deps=[asset_key(prompt.name, RAW_REQUESTS.name)],
        ins={"batch_job": dg.AssetIn(key=asset_key(prompt.name, BATCH_JOB.name))},
        pool=WAREHOUSE_POOL,
    )
    def classifications(
        context: dg.AssetExecutionContext,
        batch_job: pa.Table,
        warehouse: dg.ResourceParam[Warehouse],
        inference: dg.ResourceParam[Inference],
        internal_folder: dg.ResourceParam[Folder],
        progress: dg.ResourceParam[Progress],
    ) -> TableRows:
        made = Classifications(
            prompt,
            context.partition_key,
            inference.model_id(prompt),
            warehouse,
            internal_folder,
            finished_jobs(batch_job.to_pylist()),
            price_of=lambda records: inference.price(prompt, records),
            on_progress=lambda done: progress.report("classifications", done, None, context.log.info),
        )
        return TableRows(rows_or_failure(made), lambda: shown(made))

    return classifications


def _doubt(opinion: SecondOpinion | None) -> dict[str, Any]:
    """On what the column `doubt` rests, where the model told no confidence."""
    if opinion is None or (opinion.without is None and not opinion.learned_from):
        return {}
    if opinion.without is not None:
        return {"without_doubt": f"The column doubt is empty: {opinion.without}."}
    return {"doubt_learned_from_texts": opinion.learned_from, "doubt_agreement": opinion.agreement}


def shown(made: Classifications) -> dict[str, Any]:
    """What Dagster shows of classifications that are made."""
    statuses = [{"status": status, "requests": count} for status, count in sorted(made.statuses.items())]
    notes = [{"note": note, "requests": count} for note, count in made.notes.most_common(_NOTES_SHOWN)]
    return {
        "statuses": markdown_table(statuses),
        "dagster/column_lineage": lineage_of_classifications(made.prompt.name),
        **({"notes": markdown_table(notes)} if notes else {}),
        "unreadable_answer_lines": made.unreadable_lines,
        **_doubt(made.second_opinion),
        "prompt_version": made.prompt.version,
        "model_id": made.model_id,
    }
