"""A workbook of results from a dropped file: what a person finds in it, and what is read from it when it comes back."""

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from batch_classifier.corrections.imported_rows import ImportedRows
from batch_classifier.limits import Limits
from batch_classifier.results.removing_rows import REMOVERS
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import Project

ROWS: list[dict[str, Any]] = [
    {"ticket": "4711", "message": "My flight", "want": "Travel", "amount": "1234.5", "plz": "01067", "on": "2026-03-01",
     "vip": "true", "id": "x1", "why": "=1+1"},
    {"ticket": "4712", "message": "charged twice", "want": "Other", "amount": "-3", "plz": "80331", "on": "2026-03-02",
     "vip": "false", "id": "x2", "why": ""},
    {"ticket": "4713", "message": "", "want": "", "amount": "n/a", "plz": "20095", "on": "", "vip": "true", "id": "x3",
     "why": "word"},
    {"ticket": "4714", "message": "My flight", "want": "", "amount": "0.25", "plz": "1", "on": "2026-12-31", "vip": "true",
     "id": "x4", "why": "word"},
]  # fmt: skip
HEADER = ["ticket", "message", "class", "rationale", "status", "want", "amount", "plz", "on", "vip", "id", "why"]


@pytest.fixture(scope="module")
def project(projects: Callable[..., Project]) -> Project:
    project = projects(
        results=["csv", "json", "xlsx"], input={"text": "message", "id": "ticket", "label": "want"}, on_demand="auto"
    )
    project.drop("calls.csv", ROWS)
    result = project.run("calls.csv")
    assert result.success, failure_of(result)
    return project


@pytest.fixture
def path(project: Project) -> Path:
    (path,) = project.home.glob("output_data/tickets/*/calls.xlsx")
    return path


def summary_of(book: Any) -> dict[str, Any]:
    """What stands beside a line's name: its last value."""
    rows = [[cell for cell in row if cell not in (None, "")] for row in book["Summary"].iter_rows(values_only=True)]
    return {row[0]: row[1:] for row in rows if len(row) > 1}


def test_own_columns_have_their_names_and_what_is_a_number_can_be_summed(path: Path) -> None:
    sheet = load_workbook(path)["Results"]
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[0])[:12] == HEADER
    day = datetime.datetime.fromisoformat
    assert [row[6:10] for row in rows[1:]] == [
        (1234.5, "01067", day("2026-03-01"), True),
        (-3, "80331", day("2026-03-02"), False),
        ("n/a", "20095", None, True),
        (0.25, "1", day("2026-12-31"), True),
    ]
    assert [row[0] for row in rows[1:]] == [4711, 4712, 4713, 4714]
    assert sheet["L2"].value == "=1+1" and sheet["L2"].data_type == "s" and sheet["L2"].quotePrefix


def test_csv_and_json_keep_the_names_that_people_rely_on(project: Project) -> None:
    for suffix in ("csv", "json"):
        (path,) = project.home.glob(f"output_data/tickets/*/calls.{suffix}")
        content = path.read_text(encoding="utf-8-sig")
        assert content.find("id") < content.find("input_text") < content.find("class") < content.find("rationale")
        assert "4711" in content and "ticket" not in content


def test_results_can_be_filtered_and_reviewed_and_the_summary_says_what_they_are(path: Path) -> None:
    book = load_workbook(path)
    assert book.sheetnames == ["Summary", "Results"] and book.active.title == "Summary"
    sheet, summary = book["Results"], summary_of(book)
    (table,) = sheet.tables.values()
    assert table.ref == table.autoFilter.ref == f"A1:{sheet.cell(5, sheet.max_column).coordinate}"
    assert [column.name for column in table.tableColumns] == [cell.value for cell in sheet[1]]
    (choice,) = sheet.data_validations.dataValidation
    area = choice.formula1.removeprefix("Summary!").replace("$", "")
    assert {row[0].value for row in book["Summary"][area]} == {"Travel", "Billing", "Other"}
    assert str(choice.sqref) == "C2:C5" and sheet.freeze_panes == "A2" and sheet["B2"].alignment.wrap_text
    assert summary["request file"] == ["calls.csv"] and summary["rows"] == [4]
    assert (summary["Travel"], summary["Billing"], summary["Other"]) == ([2, 0.5], [1, 0.25], [0, 0])
    assert summary["(no class)"][1] == 1 and summary["status rejected"][1] == 1
    assert summary["as labelled, by the model"] == ["1 of 2 (50.0%)"]
    (chart,) = book["Summary"]._charts
    assert chart.series[0].val.numRef.f == "'Summary'!$C$12:$C$15"


def test_a_reviewed_workbook_is_read_by_its_results_alone(project: Project, path: Path) -> None:
    book = load_workbook(path)
    book["Results"]["C2"] = "billing "
    book.save(saved := io.BytesIO())
    rows = ImportedRows(saved, "calls.xlsx", project.prompt, Limits())
    found = [row for batch in rows for row in batch.to_pylist()]
    assert rows.is_result_file
    assert [(row["id"], row["class"]) for row in found] == [
        ("4711", "Billing"), ("4712", "Billing"), ("4713", None), ("4714", "Travel")
    ]  # fmt: skip


def test_a_workbook_of_results_is_a_request_file_as_well(project: Project, path: Path) -> None:
    rows = project.classify("again.xlsx", path.read_bytes())
    assert [row["record_id"] for row in rows] == ["4711", "4712", "4713", "4714"]
    assert [row["class"] for row in rows] == ["Travel", "Billing", None, "Travel"]
    assert project.query("select count(*) as texts from tickets.raw_requests where request_file = 'again.xlsx'") == [
        {"texts": 4}
    ]


def test_what_is_forgotten_leaves_the_rows_and_the_counts(path: Path) -> None:
    target = io.BytesIO()
    with path.open("rb") as source:
        assert REMOVERS["xlsx"](source, target, lambda row: str(row["id"]) in ("4711", "4713")) == 2
    book, before = load_workbook(target), load_workbook(path)
    left = [[(cell.value, cell.number_format) for cell in row] for row in book["Results"].iter_rows()]
    all_rows = [[(cell.value, cell.number_format) for cell in row] for row in before["Results"].iter_rows()]
    assert left == [all_rows[0], all_rows[2], all_rows[4]]
    summary = summary_of(book)
    assert (summary["rows"], summary["Travel"], summary["Billing"]) == ([2], [1, 0.5], [1, 0.5])
    assert "(no class)" not in summary and summary["request file"] == ["calls.csv"]
