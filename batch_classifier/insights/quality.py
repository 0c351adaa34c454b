"""How right the classes are: against labels of the files, the random sample that people looked at, or all that they said."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batch_classifier.answers.quality import Accuracy, LabelCount, accuracy_of
from batch_classifier.evaluation.intervals import Interval, wilson
from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.review import FROM_SAMPLE
from batch_classifier.insights.selection import Selection, condition
from batch_classifier.warehouse.interface import literal

_MOST_CELLS = 20_000


class Basis(StrEnum):
    """What is taken for right."""

    LABELS = "Labels in the files"
    SAMPLE = "The random sample"
    CORRECTIONS = "All that people said"


# The class that is taken for right, which rows have one, and what is counted: a sample is of texts, however often they stand there.
_BASES = {
    Basis.LABELS: ("answered.expected_class", "answered.expected_class is not null", "count(*)"),
    Basis.SAMPLE: (
        "held.new_class",
        f'held.new_class is not null and held."source" = {literal(FROM_SAMPLE)}',
        "count(distinct answered.text_id)",
    ),
    Basis.CORRECTIONS: ("held.new_class", "held.new_class is not null", "count(distinct answered.text_id)"),
}


@dataclass(frozen=True)
class VersionQuality:
    """How right one version of the prompt and one model were, since when."""

    prompt_version: str | None
    model_id: str | None
    since: datetime.datetime | None
    labelled: int
    right: int
    interval: Interval

    @property
    def accuracy(self) -> float:
        """Share of those that are right, 0 to 1."""
        return self.right / self.labelled


@dataclass(frozen=True)
class Quality:
    """Accuracy with its 95% interval, precision and recall by category and the confusion; by version and model, the newest first."""

    accuracy: Accuracy
    interval: Interval
    versions: Sequence[VersionQuality]


def quality(tables: PromptTables, selection: Selection, basis: Basis) -> Quality | None:
    """How right the model's classes are; None where nothing selected has a class to compare with. Raises ClassifierError."""
    expected, has_one, counted = _BASES[basis]
    rows = tables.query(
        f"""select answered.prompt_version, answered.model_id, {expected} as expected, answered."class",
            {counted} as requests, min(answered.answered_at) as since
        from {tables.answered_and_held()}
        where {condition(tables, selection)} and {has_one} and answered.status <> 'rejected'
        group by answered.prompt_version, answered.model_id, {expected}, answered."class"
        order by {counted} desc limit {_MOST_CELLS}"""
    )
    measured = _measured(tables, rows)
    if measured is None:
        return None
    versions: dict[tuple[str | None, str | None], list[dict[str, Any]]] = {}
    for row in rows:
        versions.setdefault((row["prompt_version"], row["model_id"]), []).append(row)
    found = []
    for (version, model), some in versions.items():
        of_version = _measured(tables, some)
        if of_version is not None:
            since = min((row["since"] for row in some if row["since"] is not None), default=None)
            interval = wilson(of_version.correct, of_version.labelled)
            found.append(VersionQuality(version, model, since, of_version.labelled, of_version.correct, interval))
    oldest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    found.sort(key=lambda one: one.since or oldest, reverse=True)
    return Quality(measured, wilson(measured.correct, measured.labelled), found)


def _measured(tables: PromptTables, rows: Sequence[dict[str, Any]]) -> Accuracy | None:
    counts = [LabelCount(row["expected"], row["class"], int(row["requests"])) for row in rows]
    return accuracy_of(counts, tables.prompt.class_names)
