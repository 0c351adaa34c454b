"""The finished jobs behind a request file's answers: what of the table `batch_job` the reading of answers needs."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FinishedJob:
    """One attempt at a batch that is over.

    `shared_with` is the request file that pays for it; None when it is the one whose answers are read. Times are UTC.
    """

    batch: str
    status: str
    message: str | None
    ended_at: datetime.datetime | None
    records: int
    output_uri: str
    shared_with: str | None


def finished_jobs(rows: Iterable[Mapping[str, Any]]) -> list[FinishedJob]:
    """The jobs in rows of the table `batch_job`, in their order."""
    return [
        FinishedJob(
            batch=row["batch"],
            status=row["status"],
            message=row["message"],
            ended_at=row["ended_at"],
            records=row["records"],
            output_uri=row["output_uri"],
            shared_with=row["shared_with"],
        )
        for row in rows
    ]
