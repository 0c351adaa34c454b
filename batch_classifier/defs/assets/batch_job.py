"""The asset batch_job: the finished jobs of the batches, or word of those that are under way."""

from collections.abc import Iterator, Sequence

import dagster as dg
import pyarrow as pa
from pydantic import Field

from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.job_metadata import finished_metadata, observation
from batch_classifier.defs.names import asset_key
from batch_classifier.inference.interface import Inference
from batch_classifier.jobs.batch_job import Finished, UnderWay, run_batch_jobs
from batch_classifier.jobs.bill import record_bill
from batch_classifier.notes.budget import Budget, is_approval
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch, batches_from_arrow
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BATCH_JOB, BEDROCK_JSONL, TableRows


class BatchJobConfig(dg.Config):
    """Settings of one run of batch_job."""

    wait_seconds: float | None = Field(
        default=None,
        description="How long this run waits for its jobs, in seconds; by default what BATCH_CLASSIFIER_WAIT_SECONDS says.",
    )


def build_batch_job(prompt: Prompt, waits_for_jobs: float | None) -> dg.AssetsDefinition:
    """The asset for a prompt. `waits_for_jobs`: seconds that it waits by default; None is to the end."""

    @dg.asset(
        **table_asset(prompt, BATCH_JOB, {"bedrock", "table"}),
        ins={"bedrock_jsonl": dg.AssetIn(key=asset_key(prompt.name, BEDROCK_JSONL.name))},
        output_required=False,
    )
    def batch_job(
        context: dg.AssetExecutionContext,
        config: BatchJobConfig,
        bedrock_jsonl: pa.Table,
        inference: dg.ResourceParam[Inference],
        internal_folder: dg.ResourceParam[Folder],
        warehouse: dg.ResourceParam[Warehouse],
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.Output[TableRows]]:
        batches = batches_from_arrow(bedrock_jsonl)
        is_approved = is_approval(context.run.tags)
        budget = Budget(prompt, context.partition_key, warehouse, inference, internal_folder, is_approved)
        with told_in_one_sentence():
            outcome = run_batch_jobs(
                prompt,
                context.partition_key,
                batches,
                inference,
                internal_folder,
                wait_seconds=waits_for_jobs if config.wait_seconds is None else config.wait_seconds,
                on_progress=lambda done, total: progress.report("batch_job", done, total, context.log.info),
                budget=budget,
            )
            if isinstance(outcome, Finished):
                record_bill(warehouse, prompt, inference, batches, outcome.jobs)
                budget.settle()
        if isinstance(outcome, Finished):
            yield _output(prompt, outcome, batches, inference)
        else:
            _tell(context, prompt, outcome, inference)

    return batch_job


def _output(prompt: Prompt, finished: Finished, batches: Sequence[Batch], inference: Inference) -> dg.Output[TableRows]:
    return dg.Output(TableRows(iter(finished.batches), lambda: finished_metadata(prompt, finished, batches, inference)))


def _tell(context: dg.AssetExecutionContext, prompt: Prompt, under_way: UnderWay, inference: Inference) -> None:
    """Show how the jobs stand, in the run's log and as an observation of the asset."""
    jobs = {job.name: job for job in under_way.jobs}
    lines = {name: job.progress for name, job in jobs.items()}
    more: dict[str, str | int] = {"waiting_for_a_place": under_way.waiting_for_place}
    if under_way.too_few is not None:
        more["too_few_texts"] = lines["too_few_texts"] = under_way.too_few
    if under_way.is_sample:
        more["sample"] = lines["sample"] = "answered; bedrock_jsonl decides on the other texts next"
    context.log.info("; ".join(f"{name}: {line}" for name, line in lines.items()))
    context.log_event(observation(prompt.name, context.partition_key, jobs, inference, **more))
