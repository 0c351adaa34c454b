"""What each asset is for, for somebody who sees it in Dagster for the first time."""

from collections.abc import Mapping

import dagster as dg

from batch_classifier.defs.names import asset_key
from batch_classifier.warehouse.column import Source
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS

FOR_NEWCOMERS: Mapping[str, str] = {
    "raw_requests": "**First step.** A partition is a file that was dropped into the prompt's input folder. Look at `problems` for rows that "
    "cannot be used; they go on with their reason, and are never lost.",
    "bedrock_jsonl": "**What will be asked, and what it costs, before anything is sent.** Texts that were answered before are left out. Look "
    "at `new_texts` and `estimated_cost_usd`; the check `within_budget` stops a file that is over the prompt's budget.",
    "batch_job": "**The model at work.** Materialized means that the answers are there. While jobs wait on AWS, the partition is empty and the run "
    "green: the newest observation says in which state they are, since when, and links to the AWS console; the sensor `finished_jobs` "
    "goes on by itself.",
    "classifications": "**The table to query.** Each row of the file is here exactly once, with a class and a reason, or with a `status` and `error` "
    "that say why it has none. The check `accuracy` compares it with the file's labels, where there are any.",
    "category_summary": "**The answer at a glance**: how many requests of the file are in which category. Shares, accuracy and cost are plotted "
    "over the files.",
    "result_files": "**What people take away**: look at the metadata for where the files of the newest run are.",
}


def described(name: str, description: str) -> str:
    """An asset's description: what it is, and what it is for."""
    more = FOR_NEWCOMERS.get(name)
    return description if more is None else f"{description}\n\n{more}"


def lineage_of_classifications(prompt: str) -> dg.TableColumnLineage:
    """Which columns of `raw_requests` those of `classifications` come from: the request's own as they are, all answers from the text.

    The open-source page of Dagster 1.13 shows it as data, in the metadata of a materialization; the graph of columns is Dagster+'s.
    """
    source = asset_key(prompt, RAW_REQUESTS.name)
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(
                    source,
                    (column.request_column or column.name) if column.source is Source.REQUEST else "text",
                )
            ]
            for column in CLASSIFICATIONS.columns
        }
    )
