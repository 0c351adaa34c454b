"""The assets of a prompt: from a request file to classifications, one set for each prompt, one partition for each file."""

import datetime
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from batch_classifier.answers.classifications import Classifications
from batch_classifier.batches.bedrock_jsonl import BatchPlan
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import bar_chart, column_schema, markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key, partitions_of
from batch_classifier.errors import ClassifierError, InferenceError
from batch_classifier.inference.interface import Inference
from batch_classifier.jobs.batch_job import BatchJobs
from batch_classifier.notes.held_back import call_held_back, note_held_back
from batch_classifier.notes.waiting import forget_waiting, jobs_ahead, note_waiting
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import Requests
from batch_classifier.requests.readers.request_file import read_rows
from batch_classifier.requests.request_files import input_key
from batch_classifier.results.result_file import own_columns, write_results
from batch_classifier.results.result_key import result_key
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import (
    BATCH_JOB,
    BEDROCK_JSONL,
    CATEGORY_SUMMARY,
    CLASSIFICATIONS,
    PARTITION_COLUMN,
    RAW_REQUESTS,
    Table,
    TableRows,
)

OWNERS = ["team:data-platform"]


class BatchJobConfig(dg.Config):
    """Settings of one run of batch_job."""

    wait_seconds: float | None = Field(
        default=None,
        description="How long this run waits for its jobs, in seconds; by default what BATCH_CLASSIFIER_WAIT_SECONDS says.",
    )


class ResultFilesConfig(dg.Config):
    """Settings of one run of result_files."""

    formats: list[str] = Field(
        default=[], description="csv, json or xlsx; by default what the prompt's `results` says."
    )


def build_assets(prompt: Prompt, waits_for_jobs: float | None) -> list[dg.AssetsDefinition]:
    """The six assets of one prompt. `waits_for_jobs`: seconds that batch_job waits by default; None is to the end."""
    partitions = partitions_of(prompt.name)

    def described(table: Table, kinds: set[str]) -> dict:
        return {
            "key": asset_key(prompt.name, table.name),
            "partitions_def": partitions,
            "group_name": prompt.name,
            "code_version": prompt.version,
            "description": table.description,
            "owners": OWNERS,
            "kinds": kinds,
            "metadata": {"partition_expr": PARTITION_COLUMN, "dagster/column_schema": column_schema(table)},
        }

    def key_of(table: Table) -> dg.AssetKey:
        return asset_key(prompt.name, table.name)

    @dg.asset(**described(RAW_REQUESTS, {"python", "table"}), pool=WAREHOUSE_POOL)
    def raw_requests(
        context: dg.AssetExecutionContext,
        customer_folder: dg.ResourceParam[Folder],
        progress: dg.ResourceParam[Progress],
    ) -> TableRows:
        request_file = context.partition_key
        key = input_key(prompt.name, request_file)
        with told_in_one_sentence():
            found = customer_folder.find(key)
        requests = Requests((), prompt, request_file)

        def batches() -> Iterator[pa.RecordBatch]:
            with told_in_one_sentence(), customer_folder.read(key) as file:
                requests.rows = read_rows(file, request_file)
                for batch in requests:
                    yield batch
                    progress.report("raw_requests", requests.total, None, context.log.info)

        def describe() -> dict:
            rejected = sum(requests.problems.values())
            metadata = {
                "fingerprint": found.fingerprint if found else "",
                "file": customer_folder.uri_of(key),
                "bytes": found.size if found else 0,
                "rejected": rejected,
                "labelled": requests.labelled,
            }
            if rejected:
                problems = [{"problem": problem, "rows": count} for problem, count in requests.problems.most_common(20)]
                metadata["problems"] = markdown_table(problems)
            return metadata

        return TableRows(batches(), describe)

    @dg.asset(**described(BEDROCK_JSONL, {"python", "json"}), deps=[key_of(RAW_REQUESTS)], pool=WAREHOUSE_POOL)
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

    @dg.asset(
        **described(BATCH_JOB, {"bedrock", "table"}),
        ins={"bedrock_jsonl": dg.AssetIn(key=key_of(BEDROCK_JSONL))},
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
            context.log_event(dg.AssetObservation(key_of(BATCH_JOB), partition=context.partition_key, metadata=shown))
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

    @dg.asset(
        **described(CLASSIFICATIONS, {"python", "table"}),
        deps=[key_of(RAW_REQUESTS)],
        ins={"batch_job": dg.AssetIn(key=key_of(BATCH_JOB))},
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
            batch_job.to_pylist(),
            lambda records: inference.price(prompt, records),
        )

        def batches() -> Iterator[pa.RecordBatch]:
            with told_in_one_sentence():
                for batch in made:
                    yield batch
                    progress.report("classifications", sum(made.statuses.values()), None, context.log.info)

        def describe() -> dict:
            statuses = [{"status": status, "requests": count} for status, count in sorted(made.statuses.items())]
            return {
                "statuses": markdown_table(statuses),
                "unreadable_answer_lines": made.unreadable_lines,
                "prompt_version": prompt.version,
                "model_id": inference.model_id(prompt),
            }

        return TableRows(batches(), describe)

    @dg.asset(**described(CATEGORY_SUMMARY, {"sql", "table"}), deps=[key_of(CLASSIFICATIONS)], pool=WAREHOUSE_POOL)
    def category_summary(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> TableRows:
        with told_in_one_sentence():
            rows = warehouse.query(prompt.name, queries.category_summary(warehouse, prompt, context.partition_key))
        batches = [pa.RecordBatch.from_pylist(rows, schema=CATEGORY_SUMMARY.schema)] if rows else []
        shares = {row["class"] or "(no class)": row["share"] for row in rows}
        table = [{**row, "class": row["class"] or "(no class)", "share": f"{row['share']:.1%}"} for row in rows]
        shown = ["class", "requests", "share", "repaired", "failed", "cost_usd"]
        return TableRows(iter(batches), lambda: {"summary": markdown_table(table, shown), "chart": bar_chart(shares)})

    @dg.asset(
        key=asset_key(prompt.name, "result_files"),
        partitions_def=partitions,
        group_name=prompt.name,
        code_version=prompt.version,
        description=f"The classifications as files for people: {', '.join(prompt.results)}.",
        owners=OWNERS,
        kinds={"file", "excel"} if "xlsx" in prompt.results else {"file"},
        deps=[key_of(CLASSIFICATIONS)],
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

    return [raw_requests, bedrock_jsonl, batch_job, classifications, category_summary, result_files]


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
