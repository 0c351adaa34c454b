"""Counts and shares by class, with the change against the period before; the trend; a class against an own column; what failed."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.selection import Selection, selected
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.statuses import HOLDING, in_sql

# A trend of more points than a screen has room for is drawn by week, month or year.
_MOST_POINTS = 100
_UNITS = (("day", 1), ("week", 7), ("month", 30), ("year", 365))
MOST_COLUMNS, MOST_REASONS = 15, 50


@dataclass(frozen=True)
class ClassCount:
    """Requests of one class (None: those without); `before` is their number in the period before, None without one."""

    class_name: str | None
    requests: int
    share: float
    before: int | None
    share_before: float | None
    corrected: int
    repaired: int

    @property
    def change(self) -> float | None:
        """By how much the share has changed, in points of 0 to 1."""
        return None if self.share_before is None else self.share - self.share_before


@dataclass(frozen=True)
class TrendPoint:
    """Requests of one class in the day, week, month or year that begins on `start`."""

    start: datetime.date
    class_name: str | None
    requests: int


@dataclass(frozen=True)
class Overview:
    """What the selected requests come to. `unit` is what a point of the trend stands for, as in "week"."""

    requests: int
    requests_before: int | None
    without_class: int
    corrected: int
    classes: Sequence[ClassCount]
    unit: str
    trend: Sequence[TrendPoint]


@dataclass(frozen=True)
class Reason:
    """Why requests have no class: status, reason, how many, and a row to look at."""

    status: str
    reason: str | None
    requests: int


@dataclass(frozen=True)
class Cell:
    """Requests of one class that have one value in an own column; None: another value than the most frequent ones, or none."""

    class_name: str | None
    value: str | None
    requests: int


def overview(tables: PromptTables, selection: Selection) -> Overview:
    """Count the selected requests; raises ClassifierError."""
    unit = _unit(tables, selection)
    start = f"cast(date_trunc('{unit}', one.\"day\") as date)"
    rows = tables.query(
        f"""select {start} as "start", one."class", one.status, count(*) as requests,
            count_if(one.is_corrected) as corrected
        from {selected(tables, selection)} group by {start}, one."class", one.status""",
    )
    before = _counts_before(tables, selection)
    requests: Counter[str | None] = Counter()
    corrected: Counter[str | None] = Counter()
    repaired: Counter[str | None] = Counter()
    points: Counter[tuple[datetime.date, str | None]] = Counter()
    for row in rows:
        name, number = row["class"], int(row["requests"])
        requests[name] += number
        corrected[name] += int(row["corrected"])
        repaired[name] += number if row["status"] == "repaired" else 0
        if row["start"] is not None:
            points[row["start"], name] += number
    return Overview(
        requests=requests.total(),
        requests_before=None if before is None else before.total(),
        without_class=requests[None],
        corrected=corrected.total(),
        classes=_classes(tables.prompt, requests, before, corrected, repaired),
        unit=unit,
        trend=[
            TrendPoint(start, name, number)
            for (start, name), number in sorted(points.items(), key=lambda point: (point[0][0], point[0][1] or ""))
        ],
    )


def _unit(tables: PromptTables, selection: Selection) -> str:
    (span,) = tables.query(
        f'select min(one."day") as first_day, max(one."day") as last_day from {selected(tables, selection)}',
    )
    if span["first_day"] is None:
        return "day"
    days = (span["last_day"] - span["first_day"]).days + 1
    return next((unit for unit, length in _UNITS if days <= _MOST_POINTS * length), "year")


def _counts_before(tables: PromptTables, selection: Selection) -> Counter[str | None] | None:
    if selection.before is None:
        return None
    rows = tables.query(
        f"""select one."class", count(*) as requests from {selected(tables, selection.before)}
        group by one."class\"""",
    )
    return Counter({row["class"]: int(row["requests"]) for row in rows})


def _classes(
    prompt: Prompt,
    requests: Counter[str | None],
    before: Counter[str | None] | None,
    corrected: Counter[str | None],
    repaired: Counter[str | None],
) -> list[ClassCount]:
    order = {name: place for place, name in enumerate([*prompt.class_names, None])}
    names = sorted(
        {*requests, *(before or {})}, key=lambda name: (name is None, -requests[name], order.get(name, len(order)))
    )
    total, total_before = requests.total(), before.total() if before is not None else 0
    return [
        ClassCount(
            class_name=name,
            requests=requests[name],
            share=requests[name] / total if total else 0.0,
            before=None if before is None else before[name],
            share_before=before[name] / total_before if before is not None and total_before else None,
            corrected=corrected[name],
            repaired=repaired[name],
        )
        for name in names
        if requests[name] or (before is not None and before[name])
    ]


def reasons(tables: PromptTables, selection: Selection) -> list[Reason]:
    """Why requests could not be classified, the most frequent reasons first; raises ClassifierError."""
    rows = tables.query(
        f"""select one.status, one.error, count(*) as requests
        from {selected(tables, selection, ["error"])}
        where one.status not in {in_sql(HOLDING)} and one."class" is null
        group by one.status, one.error order by count(*) desc, one.status limit {MOST_REASONS}""",
    )
    return [Reason(row["status"], row["error"], int(row["requests"])) for row in rows]


def by_own_column(tables: PromptTables, selection: Selection, column: str) -> list[Cell]:
    """Requests by class and by the most frequent values of an own column; raises ClassifierError."""
    value = tables.warehouse.dialect.value("one.attributes", column)
    rows: list[dict[str, Any]] = tables.query(
        f"""select counted."class", case when counted.place <= {MOST_COLUMNS} then counted."value" end as "value",
            sum(counted.requests) as requests
        from (
            select grouped.*, dense_rank() over (order by grouped.of_value desc, grouped."value") as place from (
                select one."class", {value} as "value", count(*) as requests,
                    sum(count(*)) over (partition by {value}) as of_value
                from {selected(tables, selection, ["attributes"])}
                group by one."class", {value}
            ) as grouped
        ) as counted
        group by counted."class", case when counted.place <= {MOST_COLUMNS} then counted."value" end""",
    )
    return [Cell(row["class"], row["value"], int(row["requests"])) for row in rows]
