"""`report`: one page that holds all it shows, counts what the tables have, and shows every name as it is."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_classifier.command_line import report
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.report_figures import report_figures
from batch_classifier.insights.report_page import report_page
from batch_classifier.insights.selection import Selection
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.scripted_inference import by_keyword

WRITTEN = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
ODD = "Sports <script>alert(1)</script> & more"
# Days and texts: February has more travel than January.
ROWS = [
    {"id": "1", "text": "My flight", "day": "2026-01-10", "label": "Travel"},
    {"id": "2", "text": "I was charged", "day": "2026-01-20", "label": "Travel"},
    {"id": "3", "text": "My second flight", "day": "2026-02-03", "label": ""},
    {"id": "4", "text": "My third flight", "day": "2026-02-09", "label": ""},
    {"id": "5", "text": "A strange word", "day": "2026-02-10", "label": ""},
    {"id": "6", "text": "", "day": "2026-02-11", "label": ""},
]


def answers(text: str) -> str | None:
    return f"<class>{ODD}</class>" if text == "A strange word" else by_keyword(text)


@pytest.fixture(scope="module")
def project(projects: Callable[..., Project]) -> Project:
    project = projects(
        answers,
        description='Tickets & "more"',
        input={"text": "text", "id": "id", "label": "label", "date": "day"},
        max_invalid_share=1.0,
    )
    project.drop("calls.csv", ROWS)
    result = project.run("calls.csv")
    assert result.success, failure_of(result)
    return project


def text_of(page: str) -> str:
    """What a reader sees: no tags, one space between words."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<body>")[2]).split())


def page_of(project: Project, **chosen: Any) -> str:
    return report_page(report_figures(project.warehouse, project.prompt, Selection(**chosen)), WRITTEN)


def test_all_days(project: Project) -> None:
    page = page_of(project)
    said = text_of(page)
    assert "6 requests" in said and "1 request file" in said and "all requests, of 2026-01-10 to 2026-02-11" in said
    assert "Travel 3 50.0%" in said and "Billing 1 16.7%" in said and "(no class) 2 33.3%" in said
    assert "1 of 2 labelled requests have the class of their label: 50.0%" in said
    assert "rejected" in said and "invalid_class" in said and "asked of the model 5" in said
    assert page.count("<polyline") == 3 and "period before" not in said


def test_a_period_is_compared_with_the_one_before(project: Project) -> None:
    said = text_of(page_of(project, since=datetime.date(2026, 2, 1), until=datetime.date(2026, 2, 28)))
    assert "4 requests 2 in the period before" in said and "from 2026-02-01 to 2026-02-28" in said
    assert "Travel 2 50.0% +0.0 points 1" in said and "(no class) 2 50.0% +50.0 points 0" in said
    assert "How right the model is" not in said


def test_the_page_needs_nothing_and_runs_nothing(project: Project) -> None:
    page = page_of(project)
    assert "<script" not in page and "Tickets &amp; &#34;more&#34;" in page
    assert not re.search(r"(?:src|href)=|url\(|https?:|@import", page)
    assert "default-src 'none'" in page and "prefers-color-scheme: dark" in page and "@media print" in page


def test_an_empty_period_is_a_page_as_well_and_no_tables_a_sentence(project: Project, projects: Any) -> None:
    assert "No request lies in this period." in page_of(project, since=datetime.date(2030, 1, 1))
    fresh = projects()
    with pytest.raises(ClassifierError, match="nothing to report of tickets; classify a file first"):
        report_figures(fresh.warehouse, fresh.prompt, Selection())


def test_the_command_writes_the_page(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "load_settings", lambda: project.settings)
    output = tmp_path / "report.html"
    assert report.write_report("tickets", datetime.date(2026, 2, 1), None, output) == 0
    assert output.read_text(encoding="utf-8").endswith("</html>")
    with pytest.raises(ClassifierError, match="is before --since"):
        report.write_report("tickets", datetime.date(2026, 2, 1), datetime.date(2026, 1, 1), output)
