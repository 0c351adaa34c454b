"""From classifications to category_summary: requests, share and cost by category."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY


@dataclass(frozen=True)
class CategoryCount:
    """A category's requests in one file (`class_name` None: those without a class); `share` of all its requests, 0 to 1."""

    class_name: str | None
    requests: int
    share: float
    repaired: int
    failed: int
    cost_usd: float
    corrected: int


def summarise(warehouse: Warehouse, prompt: Prompt, request_file: str) -> list[CategoryCount]:
    """The categories of a request file's classifications, the largest first; raises ClassifierError."""
    return [
        CategoryCount(
            class_name=row["class"],
            requests=row["requests"],
            share=row["share"],
            repaired=row["repaired"],
            failed=row["failed"],
            cost_usd=row["cost_usd"],
            corrected=row["corrected"],
        )
        for row in warehouse.query(prompt.name, queries.category_summary(warehouse, prompt, request_file))
    ]


def category_summary_rows(request_file: str, categories: Iterable[CategoryCount]) -> pa.RecordBatch:
    """The categories as rows of the table `category_summary`."""
    rows = [
        {
            "request_file": request_file,
            "class": category.class_name,
            "requests": category.requests,
            "share": category.share,
            "repaired": category.repaired,
            "failed": category.failed,
            "cost_usd": category.cost_usd,
            "corrected": category.corrected,
        }
        for category in categories
    ]
    return pa.RecordBatch.from_pylist(rows, schema=CATEGORY_SUMMARY.schema)
