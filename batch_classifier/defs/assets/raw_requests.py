"""The asset raw_requests: the rows of the request file, read and normalised."""

from typing import Any

import dagster as dg

from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import rows_or_failure, told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL
from batch_classifier.limits import Limits
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import RawRequests
from batch_classifier.requests.unreadable_files import noting_whether_readable
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import RAW_REQUESTS, TableRows

_PROBLEMS_SHOWN = 20


def build_raw_requests(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(**table_asset(prompt, RAW_REQUESTS, {"python", "table"}), pool=WAREHOUSE_POOL)
    def raw_requests(
        context: dg.AssetExecutionContext,
        customer_folder: dg.ResourceParam[Folder],
        internal_folder: dg.ResourceParam[Folder],
        forgotten_folder: dg.ResourceParam[Folder],
        limits: dg.ResourceParam[Limits],
        progress: dg.ResourceParam[Progress],
    ) -> TableRows:
        with told_in_one_sentence():
            made = RawRequests(
                prompt,
                context.partition_key,
                customer_folder,
                limits,
                lambda done: progress.report("raw_requests", done, None, context.log.info),
                forgotten_folder,
            )
        return TableRows(rows_or_failure(noting_whether_readable(made, internal_folder)), lambda: shown(made))

    return raw_requests


def shown(made: RawRequests) -> dict[str, Any]:
    """What Dagster shows of the rows, once they have been read."""
    requests = made.requests
    rejected = sum(requests.problems.values())
    metadata: dict[str, Any] = {
        "fingerprint": made.file.fingerprint if made.file else "",
        "file": made.uri,
        "bytes": made.file.size if made.file else 0,
        "rejected": rejected,
        "labelled": requests.labelled,
    }
    if made.prompt.redact is not None:
        # How much, and never what.
        masked = requests.masked
        metadata["masked_texts"] = masked.rows
        metadata |= {f"masked_{name}": count for name, count in masked.counts.items()}
        metadata["masked_in_other_columns"] = masked.counts_of_others.total()
    if dates := requests.dates.problems:
        metadata["without_date"] = dates.total()
        reasons = dates.most_common(_PROBLEMS_SHOWN)
        metadata["date_problems"] = markdown_table([{"problem": reason, "rows": count} for reason, count in reasons])
    if rejected:
        problems = requests.problems.most_common(_PROBLEMS_SHOWN)
        metadata["problems"] = markdown_table([{"problem": problem, "rows": count} for problem, count in problems])
    return metadata
