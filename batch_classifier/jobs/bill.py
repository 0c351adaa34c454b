"""The bill: what each job cost, a row an attempt in the table `bill`, where it stays whatever becomes of the request file.

A row is written when a run has its batch's answers. To write it again changes nothing, so whoever finds a job writes its row.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from batch_classifier.answers.finished_jobs import FinishedJob
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.prices import FREE, ModelPrice
from batch_classifier.inference.token_use import answer_form, bytes_around
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.asked_for import AskedFor
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BILL


def record_bill(
    warehouse: Warehouse, prompt: Prompt, inference: Inference, batches: Iterable[Batch], jobs: Sequence[FinishedJob]
) -> None:
    """Write what the jobs of these batches cost; jobs that cost nothing, as the local engine's, have no row."""
    model_price = inference.model_price(prompt)
    for batch in batches:
        attempts = [job for job in jobs if job.batch == batch.name and job.price != FREE]
        if attempts:
            rows = [_row(prompt, batch, job, model_price) for job in attempts]
            warehouse.replace(prompt.name, BILL, batch.name, [pa.RecordBatch.from_pylist(rows, schema=BILL.schema)])


def _row(prompt: Prompt, batch: Batch, job: FinishedJob, model_price: ModelPrice | None) -> dict[str, Any]:
    price = job.price
    cost = None if price is None else price.cost(job.input_tokens, job.output_tokens)
    on_demand = model_price and model_price.on_demand.cost(job.input_tokens, job.output_tokens)
    is_first = job.attempt == 1
    return {
        "batch": batch.name,
        "attempt": job.attempt,
        "request_file": batch.shared_with or batch.request_file,
        "job_name": job.job_name,
        "way": job.way,
        "model_id": batch.model_id,
        "prompt_version": batch.prompt_version,
        "submitted_at": job.submitted_at or job.ended_at,
        "month": _month(job),
        "ended_at": job.ended_at,
        "texts": job.records,
        "answered": job.succeeded,
        "input_tokens": job.input_tokens,
        "output_tokens": job.output_tokens,
        "input_price": job.input_price,
        "output_price": job.output_price,
        "cost_usd": cost,
        "on_demand_cost_usd": on_demand,
        "unpacked_cost_usd": _unpacked_cost(prompt, batch, job),
        "estimated_input_tokens": batch.estimated_input_tokens if is_first else None,
        "estimated_output_tokens": batch.estimated_output_tokens if is_first else None,
        "estimated_cost_usd": _estimated_cost(batch, job) if is_first else None,
        "content_bytes": batch.content_bytes if is_first else None,
        "answer_form": answer_form(prompt),
        "asked_for": AskedFor.REQUEST_FILE,
    }


def _month(job: FinishedJob) -> str | None:
    moment = job.submitted_at or job.ended_at
    return None if moment is None else f"{moment.astimezone(datetime.UTC):%Y-%m}"


def _estimated_cost(batch: Batch, job: FinishedJob) -> float | None:
    # A row of a batch that another file pays for says 0; its tokens are those of the batch all the same.
    if job.price is None:
        return None
    return job.price.cost(batch.estimated_input_tokens, batch.estimated_output_tokens)


def _unpacked_cost(prompt: Prompt, batch: Batch, job: FinishedJob) -> float | None:
    """What it would have cost to ask each text by itself; the instructions are then read as often as there are texts."""
    if job.price is None:
        return None
    input_tokens = job.input_tokens
    if job.records_sent < job.records and batch.content_bytes:
        in_a_record = -(-job.records // job.records_sent)
        more = bytes_around(prompt, job.records) - bytes_around(prompt, job.records, in_a_record)
        # Later attempts ask a part of the batch.
        asked_bytes = batch.content_bytes * job.records / batch.records
        input_tokens = round(input_tokens * (1 + more / asked_bytes))
    return job.price.cost(input_tokens, job.output_tokens)
