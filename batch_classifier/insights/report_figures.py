"""The figures of a report on some of a prompt's classifications; all of them are counted by the warehouse."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from batch_classifier.answers.quality import Accuracy, LabelCount, accuracy_of
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.overview import Overview, Reason, overview, reasons
from batch_classifier.insights.prompt_tables import PromptTables, know_corrections
from batch_classifier.insights.selection import Selection, selected
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse

_MOST_MADE_BY = 10


@dataclass(frozen=True)
class Origin:
    """Requests by where their answer is from (None: not known, of older rows), and what these answers cost."""

    source: str | None
    requests: int
    cost_usd: float


@dataclass(frozen=True)
class MadeBy:
    """Requests that one version of the prompt and one model have answered."""

    prompt_version: str
    model_id: str
    requests: int


@dataclass(frozen=True)
class ReportFigures:
    """What a report says.

    Attributes:
        files: how many request files the requests are of.
        undated: requests of no day, which a period leaves out.
        accuracy: of what the model said, where there are labels; None where there are none.
    """

    prompt: Prompt
    selection: Selection
    files: int
    first_day: datetime.date | None
    last_day: datetime.date | None
    undated: int
    overview: Overview
    reasons: Sequence[Reason]
    accuracy: Accuracy | None
    origins: Sequence[Origin]
    made_by: Sequence[MadeBy]

    @property
    def cost_usd(self) -> float:
        """What all answers cost."""
        return sum(origin.cost_usd for origin in self.origins)


def report_figures(warehouse: Warehouse, prompt: Prompt, selection: Selection) -> ReportFigures:
    """Count what the report says; raises ClassifierError where there is nothing to count."""
    if prompt.name not in warehouse.prompts():
        raise ClassifierError(f"There is nothing to report of {prompt.name}; classify a file first.")
    tables = know_corrections(warehouse, prompt)
    (span,) = tables.query(
        f"""select count(distinct one.request_file) as files, min(one."day") as first_day, max(one."day") as last_day,
            count_if(one."day" is null) as undated
        from {selected(tables, selection)}"""
    )
    return ReportFigures(
        prompt=prompt,
        selection=selection,
        files=int(span["files"]),
        first_day=span["first_day"],
        last_day=span["last_day"],
        undated=int(span["undated"] or 0),
        overview=overview(tables, selection),
        reasons=reasons(tables, selection),
        accuracy=_accuracy(tables, selection),
        origins=_origins(tables, selection),
        made_by=_made_by(tables, selection),
    )


def _accuracy(tables: PromptTables, selection: Selection) -> Accuracy | None:
    rows = tables.query(
        f"""select one.expected_class, coalesce(one.model_class, one."class") as said, count(*) as requests
        from {selected(tables, selection, ["expected_class"])} where one.expected_class is not null
        group by one.expected_class, coalesce(one.model_class, one."class")"""
    )
    counts = [LabelCount(row["expected_class"], row["said"], int(row["requests"])) for row in rows]
    return accuracy_of(counts, tables.prompt.class_names)


def _origins(tables: PromptTables, selection: Selection) -> list[Origin]:
    rows = tables.query(
        f"""select one."source", count(*) as requests, coalesce(sum(one.cost_usd), 0.0) as cost_usd
        from {selected(tables, selection, ["cost_usd"])} group by one."source" order by count(*) desc"""
    )
    return [Origin(row["source"], int(row["requests"]), float(row["cost_usd"])) for row in rows]


def _made_by(tables: PromptTables, selection: Selection) -> list[MadeBy]:
    rows = tables.query(
        f"""select one.prompt_version, one.model_id, count(*) as requests
        from {selected(tables, selection, ["prompt_version", "model_id"])}
        where one.prompt_version is not null and one.model_id is not null
        group by one.prompt_version, one.model_id order by count(*) desc limit {_MOST_MADE_BY}"""
    )
    return [MadeBy(row["prompt_version"], row["model_id"], int(row["requests"])) for row in rows]
