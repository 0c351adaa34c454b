"""From a request file's classifications to its result files in the customer's folder."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batch_classifier.answers.quality import Accuracy, measure_accuracy
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.columns import ATTRIBUTES, OPTIONAL, columns_of
from batch_classifier.results.corrected_rows import rows_that_hold
from batch_classifier.results.formats import write_results
from batch_classifier.results.result_figures import FIGURE_COLUMNS, ResultFigures
from batch_classifier.results.result_key import has_namesakes, result_key
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
    now = datetime.datetime.now().astimezone()
    formats = formats or prompt.results
    has_workbook = "xlsx" in formats
    figures = ResultFigures(prompt.class_names) if has_workbook else None
    looked_at = [ATTRIBUTES, *OPTIONAL, *(("record_id", *FIGURE_COLUMNS) if has_workbook else ())]
    stored = [name for name in looked_at if name in CLASSIFICATIONS.schema.names]
    with rows_that_hold(warehouse, prompt, request_file, stored) as rows:
        columns = columns_of(figures.passing(rows) if figures else rows, prompt.input if has_workbook else None)
    if figures:
        figures.about = _about(figures, prompt, request_file, measure_accuracy(warehouse, prompt, request_file), now)
    is_long = has_namesakes(customer, prompt.name, request_file)
    written = []
    for format in formats:
        key = result_key(prompt.name, request_file, now.date(), format, is_long)
        with customer.spool() as path:
            with path.open("wb") as file, rows_that_hold(warehouse, prompt, request_file) as rows:
                count = write_results(rows, columns, file, format, figures)
            customer.publish(path, key)
        written.append(ResultFile(format, customer.uri_of(key), count))
    return written


def _about(
    figures: ResultFigures, prompt: Prompt, request_file: str, accuracy: Accuracy | None, now: datetime.datetime
) -> list[tuple[str, Any]]:
    """Where the rows are from, as lines of a workbook's summary."""
    about: list[tuple[str, Any]] = [
        ("request file", request_file),
        ("prompt", f"{prompt.name}: {prompt.description}" if prompt.description else prompt.name),
        ("prompt version", _with_rows(figures.prompt_versions) or prompt.version),
        ("model", _with_rows(figures.models) or prompt.model.id),
        ("rows", figures.rows),
        ("cost in USD", round(figures.cost_usd, 6)),
    ]
    if accuracy is not None:
        share = f"{accuracy.correct:,} of {accuracy.labelled:,} ({accuracy.accuracy:.1%})"
        about.append(("as labelled, by the model", share))
    return [*about, ("written", now.isoformat(" ", "minutes"))]


def _with_rows(counted: Counter[str]) -> str:
    """The names, the most frequent first, with the number of their rows where there are several."""
    if len(counted) == 1:
        return next(iter(counted))
    return ", ".join(f"{name} ({rows:,} rows)" for name, rows in counted.most_common())
