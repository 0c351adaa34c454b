"""Retention of what lies in the customer's folder: request files that are done with, and result files. Nothing goes unless a setting says so."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.request_files import list_files
from batch_classifier.results.result_key import OUTPUT
from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse


@dataclass(frozen=True)
class CustomerRetention:
    """Days that files are kept after their last change; None for good."""

    request_days: int | None = None
    result_days: int | None = None


@dataclass(frozen=True)
class RemovedFiles:
    """What was removed from the customer's folder."""

    request_files: int = 0
    result_files: int = 0


def remove_old_files_of_customer(
    retention: CustomerRetention,
    customer: Folder,
    warehouse: Warehouse,
    prompts: Sequence[Prompt],
    now: datetime.datetime,
) -> RemovedFiles:
    """Remove the request and result files of these prompts that are older than the retention, in a local folder or on S3.

    A request file stays while one of its rows has no classification. Raises ClassifierError for what cannot be listed or removed.
    """
    old_requests = list(_old(_finished(customer, warehouse, prompts), retention.request_days, now))
    old_results = [
        file
        for prompt in prompts
        for file in _old(customer.list(f"{OUTPUT}/{prompt.name}/"), retention.result_days, now)
    ]
    for file in (*old_requests, *old_results):
        customer.delete(file.key)
    return RemovedFiles(len(old_requests), len(old_results))


def _old(files: Iterator[StoredFile], days: int | None, now: datetime.datetime) -> Iterator[StoredFile]:
    if days is None:
        return
    before = now - datetime.timedelta(days=days)
    yield from (file for file in files if file.modified < before)


def _finished(customer: Folder, warehouse: Warehouse, prompts: Sequence[Prompt]) -> Iterator[StoredFile]:
    """The request files whose rows all have a classification."""
    found = list_files(customer, {prompt.name for prompt in prompts}).files
    for prompt in prompts:
        rows = warehouse.query(prompt.name, queries.standing(warehouse, prompt))
        finished = {row["request_file"] for row in rows if row["ended"] >= row["requests"]}
        yield from (file for (name, key), file in found.items() if name == prompt.name and key in finished)
