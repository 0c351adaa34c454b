"""From a request file's classifications to its result files in the customer's folder."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.columns import ATTRIBUTES, OPTIONAL, columns_of
from batch_classifier.results.corrected_rows import rows_that_hold
from batch_classifier.results.formats import write_results
from batch_classifier.results.result_key import result_key
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS


@dataclass(frozen=True)
class ResultFile:
    """A result file that is in its place."""

    format: str
    uri: str
    rows: int


def write_result_files(
    prompt: Prompt, request_file: str, warehouse: Warehouse, customer: Folder, formats: Sequence[str] = ()
) -> list[ResultFile]:
    """Write the classifications of a request file, as corrected, in each of these formats, by default in those of the prompt.

    All of them stand in the folder of one day, however long the writing takes. Raises ClassifierError for what cannot be
    read or written.
    """
    today = datetime.datetime.now().astimezone().date()
    stored = [ATTRIBUTES, *(name for name in OPTIONAL if name in CLASSIFICATIONS.schema.names)]
    with rows_that_hold(warehouse, prompt, request_file, stored) as rows:
        columns = columns_of(rows)
    written = []
    for format in formats or prompt.results:
        key = result_key(prompt.name, request_file, today, format)
        with customer.spool() as path:
            with path.open("wb") as file, rows_that_hold(warehouse, prompt, request_file) as rows:
                count = write_results(rows, columns, file, format)
            customer.publish(path, key)
        written.append(ResultFile(format, customer.uri_of(key), count))
    return written
