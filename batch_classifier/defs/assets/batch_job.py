"""The asset batch_job: the finished jobs of the batches, or word of those that are under way."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import asset_key
from batch_classifier.errors import ClassifierError, InferenceError
from batch_classifier.inference.interface import Inference
from batch_classifier.jobs.batch_job import BatchJobs
from batch_classifier.notes.held_back import call_held_back, note_held_back
from batch_classifier.notes.waiting import forget_waiting, jobs_ahead, note_waiting
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import (
    BATCH_JOB,
    BEDROCK_JSONL,
    TableRows,
)


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
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.Output[TableRows]]:
        jobs = BatchJobs(
            prompt,
            bedrock_jsonl.to_pylist(),
            inference,
            internal_folder,
            lambda done, total: progress.report("batch_job", done, total, context.log.info),
            lambda enough: jobs_ahead(internal_folder, prompt, context.partition_key, enough),
        )
        wait_seconds = waits_for_jobs if config.wait_seconds is None else config.wait_seconds
        with told_in_one_sentence():
            try:
                is_over = jobs.run(wait_seconds)
            except InferenceError:
                forget_waiting(internal_folder, prompt, context.partition_key)
                raise
            except ClassifierError:
                # The jobs go on by themselves, whatever this run came to grief on: the sensor is to come back for them.
                if in_flight := jobs.in_flight():
                    note_waiting(internal_folder, prompt, context.partition_key, in_flight, [])
                raise
            if is_over or jobs.held_back:
                forget_waiting(internal_folder, prompt, context.partition_key)
            else:
                note_waiting(internal_folder, prompt, context.partition_key, jobs.in_flight(), jobs.waiting)
            if prompt.on_demand == "never":
                look_after_held_back = note_held_back if jobs.held_back else call_held_back
                look_after_held_back(internal_folder, prompt, context.partition_key)
        if not is_over:
            shown = standing(jobs, inference)
            context.log.info("; ".join(f"{name}: {value}" for name, value in shown.items() if isinstance(value, str)))
            context.log_event(
                dg.AssetObservation(
                    asset_key(prompt.name, BATCH_JOB.name), partition=context.partition_key, metadata=shown
                )
            )
            return
        rows = jobs.rows()
        batches = [pa.RecordBatch.from_pylist(rows, schema=BATCH_JOB.schema)] if rows else []

        def describe() -> dict:
            costs = [row["cost_usd"] for row in rows]
            shown = ["job_name", "status", "records", "succeeded", "failed", "cost_usd", "message"]
            return {
                "texts_sent": sum(row["records"] for row in rows),
                "texts_answered": sum(row["succeeded"] for row in rows),
                "texts_asked_again_for_a_repair": jobs.repairs,
                "repair_cost_usd": float(sum(row["cost_usd"] or 0.0 for row in rows if row["attempt"] > 1)),
                "input_tokens": sum(row["input_tokens"] for row in rows),
                "output_tokens": sum(row["output_tokens"] for row in rows),
                "cost_usd": "no price is known for this model; set model.price" if None in costs else float(sum(costs)),
                "jobs": markdown_table(rows[:50], shown),
            }

        yield dg.Output(TableRows(iter(batches), describe))

    return batch_job


def standing(jobs: BatchJobs, inference: Inference) -> dict[str, Any]:
    """What to show of jobs that are under way: state, counts and link of each, and what waits."""
    metadata: dict[str, Any] = {"waiting_for_a_place": len(jobs.waiting)}
    if jobs.held_back:
        missing = inference.minimum_records - jobs.held_back
        metadata["too_few_texts"] = (
            f"{jobs.held_back} texts wait: a job needs {inference.minimum_records}, {missing} more, and on_demand is never."
        )
    for job in jobs.jobs():
        metadata[job.name] = f"{job.state}, {job.processed:,} of {job.total:,}"
        if (url := inference.console_url(job)) is not None:
            metadata[f"{job.name} in the AWS console"] = dg.MetadataValue.url(url)
    return metadata
