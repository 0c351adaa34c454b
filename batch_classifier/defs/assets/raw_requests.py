"""The asset raw_requests: the rows of the request file, read and normalised."""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa

from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL
from batch_classifier.limits import Limits
from batch_classifier.progress import Progress
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import Requests
from batch_classifier.requests.readers.request_file import read_rows
from batch_classifier.requests.request_files import input_key
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import (
    RAW_REQUESTS,
    TableRows,
)


def build_raw_requests(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(**table_asset(prompt, RAW_REQUESTS, {"python", "table"}), pool=WAREHOUSE_POOL)
    def raw_requests(
        context: dg.AssetExecutionContext,
        customer_folder: dg.ResourceParam[Folder],
        limits: dg.ResourceParam[Limits],
        progress: dg.ResourceParam[Progress],
    ) -> TableRows:
        request_file = context.partition_key
        key = input_key(prompt.name, request_file)
        with told_in_one_sentence():
            found = customer_folder.find(key)
        requests = Requests((), prompt, request_file)

        def batches() -> Iterator[pa.RecordBatch]:
            with told_in_one_sentence(), customer_folder.read(key) as file:
                requests.rows = read_rows(file, request_file, limits)
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

    return raw_requests
