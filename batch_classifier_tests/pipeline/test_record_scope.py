"""Which rows are one record: of files without ids, of files that number from 1, and of files whose ids are names."""

from collections.abc import Callable
from typing import Any

import pytest

from batch_classifier_tests.support.project import Project

CSV_WITHOUT_IDS = b"text\nI was charged twice\nMy flight was moved\n"
OTHER_WITHOUT_IDS = b"text\nThe flight is late\nWho is there?\n"
NUMBERED = b"id,text\n2,I was charged twice\n1,My flight was moved\n"
OTHER_NUMBERED = b"id,text\n1,The flight is late\n2,Who is there?\n"
NAMED = b"id,text\nT-1,I was charged twice\nT-2,My flight was moved\n"
OTHER_NAMED = b"id,text\nT-2,The flight is late\n,Who is there?\n"
CONTINUED = b"id,text\n500,The flight is late\n501,Who is there?\n"


def latest(project: Project) -> list[tuple[str, str]]:
    rows = project.query("select request_file, record_id from tickets.latest_classifications order by 1, 2")
    return [(row["request_file"], row["record_id"]) for row in rows]


def scopes(project: Project, request_file: str) -> list[str]:
    return [row["record_scope"] for row in project.rows("classifications", request_file)]


@pytest.mark.parametrize(
    ("input", "first", "second", "expected", "scope"),
    [
        pytest.param(
            {}, CSV_WITHOUT_IDS, OTHER_WITHOUT_IDS, ["1", "2", "1", "2"], ["per_row", "per_row"], marks=pytest.mark.long
        ),
        ({"id": "id"}, CSV_WITHOUT_IDS, OTHER_WITHOUT_IDS, ["1", "2", "1", "2"], ["per_row", "per_row"]),
        pytest.param(
            {"id": "id", "ids": "global"},
            CSV_WITHOUT_IDS,
            OTHER_WITHOUT_IDS,
            ["1", "2", "1", "2"],
            ["per_row"] * 2,
            marks=pytest.mark.long,
        ),
        ({"id": "id"}, NUMBERED, OTHER_NUMBERED, ["1", "2", "1", "2"], ["per_file", "per_file"]),
        pytest.param(
            {"id": "id", "ids": "global"},
            NUMBERED,
            OTHER_NUMBERED,
            ["1", "2"],
            ["global", "global"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"id": "id"}, NUMBERED, CONTINUED, ["1", "2", "500", "501"], ["global", "global"], marks=pytest.mark.long
        ),
        ({"id": "id"}, NAMED, OTHER_NAMED, ["T-1", "T-2", "row 2"], ["global", "per_row"]),
        ({"id": "id", "ids": "per_file"}, NAMED, OTHER_NAMED, ["T-1", "T-2", "T-2", "row 2"], ["per_file", "per_row"]),
    ],
)
def test_the_rows_that_stay(
    projects: Callable[..., Project],
    input: dict[str, Any],
    first: bytes,
    second: bytes,
    expected: list[str],
    scope: list[str],
) -> None:
    project = projects(input={"text": "text", **input})
    project.classify("a.csv", first)
    project.classify("b.csv", second)
    found = latest(project)
    assert sorted(record for _, record in found) == sorted(expected)
    assert scopes(project, "b.csv") == scope
    # Where a record is superseded it is by the later file.
    assert [record for file, record in found if file == "b.csv"] == sorted(
        row["record_id"] for row in project.rows("classifications", "b.csv")
    )


def test_a_file_that_runs_again_takes_its_own_place(projects: Callable[..., Project]) -> None:
    project = projects(input={"text": "text"})
    for content in (CSV_WITHOUT_IDS, CSV_WITHOUT_IDS, OTHER_WITHOUT_IDS):
        project.classify("a.csv", content)
    assert latest(project) == [("a.csv", "1"), ("a.csv", "2")]
