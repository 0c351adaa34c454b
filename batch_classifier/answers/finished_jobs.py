"""Finished jobs, the rows of the table `batch_job`: made where jobs are followed, read where their answers are."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

import pyarrow as pa

from batch_classifier.inference.interface import JobState
from batch_classifier.inference.prices import Price
from batch_classifier.warehouse.tables import BATCH_JOB


class Way(StrEnum):
    """How the texts of a job were asked."""

    BATCH = "batch"
    ON_DEMAND = "on_demand"
    LOCAL_MODEL = "local_model"  # by the cascade, in the model's place


@dataclass(frozen=True)
class FinishedJob:
    """One attempt at a batch that is over. Times are UTC, the names are the table's columns.

    Attributes:
        attempt: 1 for the first job of a batch.
        records: texts sent; `succeeded` of them were answered, `failed` not.
        unanswered: texts of the batch that no attempt has answered; 0 but in the batch's last row.
        cost_usd: 0 where another request file pays; None where no price is known.
        output_uri: the folder of the answers.
        shared_with: the request file that pays for it; None when it is this one.
        way: `batch`, `on_demand` or `local_model`; None in rows from before it was noted, as the prices.
        input_price: USD per million tokens read; None where no price is known.
        lines: records sent, which may hold several texts each; None in rows that were written before they could.
    """

    request_file: str
    batch: str
    attempt: int
    job_name: str
    job_arn: str
    status: JobState
    submitted_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    records: int
    succeeded: int
    failed: int
    unanswered: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    output_uri: str
    message: str
    shared_with: str | None
    way: str | None = None
    input_price: float | None = None
    output_price: float | None = None
    lines: int | None = None

    @property
    def records_sent(self) -> int:
        """How many records the job had."""
        return self.records if self.lines is None else self.lines

    @property
    def is_local(self) -> bool:
        """Whether a local model answered in the model's place; its name is the job's."""
        return self.way == Way.LOCAL_MODEL

    @property
    def price(self) -> Price | None:
        """At what it was charged; None where that is not known."""
        if self.input_price is None or self.output_price is None:
            return None
        return Price(self.input_price, self.output_price)

    def to_row(self) -> dict[str, Any]:
        """The row of `batch_job`, by column."""
        return {**asdict(self), "status": str(self.status)}


def finished_jobs(rows: Iterable[Mapping[str, Any]]) -> list[FinishedJob]:
    """The jobs in rows of the table `batch_job`, in their order."""
    columns = [field.name for field in fields(FinishedJob)]
    return [
        FinishedJob(**{column: row[column] for column in columns} | {"status": JobState(row["status"])}) for row in rows
    ]


def finished_jobs_to_arrow(jobs: Iterable[FinishedJob]) -> pa.RecordBatch:
    """Finished jobs as rows of `batch_job`."""
    return pa.RecordBatch.from_pylist([job.to_row() for job in jobs], schema=BATCH_JOB.schema)
