"""The day of a text goes from its column into the tables, and counts in what goes by day."""

import datetime
import json
from collections.abc import Callable
from typing import Any

from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import EVERYTHING, Project

ROWS = [
    {"id": "A", "text": "My flight was moved", "Called on": "2023-03-04T23:30:00-08:00"},
    {"id": "B", "text": "I was charged twice", "Called on": "4.3.2023"},
    {"id": "C", "text": "Another flight", "Called on": "soon"},
    {"id": "D", "text": "", "Called on": "2023-03-04"},
]


def daily(project: Project) -> list[tuple[Any, ...]]:
    sql = 'select cast("date" as varchar) as "day", "class", requests from tickets.daily_categories order by 1, 2'
    return [tuple(row.values()) for row in project.query(sql)]


def test_days_are_those_of_the_texts(projects: Callable[..., Project]) -> None:
    project = projects(input={"text": "text", "id": "id", "date": "called on"}, results=["json"])
    project.drop("calls.csv", ROWS)
    result = project.make("calls.csv", *EVERYTHING)
    assert result.success, failure_of(result)
    day, problem = datetime.date(2023, 3, 4), "has a date that cannot be read"
    for table in ("raw_requests", "classifications"):
        found = [(row["text_date"], row["date_problem"]) for row in project.rows(table)]
        assert found == [(day, None), (day, None), (None, problem), (day, None)]
    assert daily(project) == [("2023-03-04", "Billing", 1), ("2023-03-04", "Travel", 1), (None, "Travel", 1)]
    (event,) = [
        one
        for one in result.get_asset_materialization_events()
        if one.asset_key is not None and one.asset_key.path[-1] == "raw_requests"
    ]
    metadata = event.materialization.metadata
    assert metadata["without_date"].value == 1 and problem in str(metadata["date_problems"].value)
    assert "soon" not in str(metadata)
    # Results show the date as it was written.
    (path,) = project.home.glob("output_data/tickets/*/calls.json")
    assert [row["Called on"] for row in json.loads(path.read_bytes())] == [row["Called on"] for row in ROWS]


def test_without_a_column_the_day_of_the_answer_counts(projects: Callable[..., Project]) -> None:
    project = projects(input={"text": "text", "id": "id"})
    rows = project.classify("calls.csv", ROWS)
    assert {row["text_date"] for row in rows} == {row["date_problem"] for row in rows} == {None}
    assert {one[0] for one in daily(project)} == {str(row["answered_at"].date()) for row in rows if row["answered_at"]}
