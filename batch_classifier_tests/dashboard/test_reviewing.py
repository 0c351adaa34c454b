"""Reviewing with the keyboard alone, and a correction that reaches the result files."""

import csv
from datetime import UTC, datetime

from batch_classifier_tests.support.dashboard import Visit
from batch_classifier_tests.support.project import Project


def test_a_correction_by_keys_shows_up_in_a_new_result_file(visit: Visit, project: Project) -> None:
    visit.go("/review?prompt=tickets&queue=Low+confidence&file=a.csv", "Review")
    visit.has("I was charged twice")
    visit.page.get_by_role("textbox", name="Comment").fill("it was the airline")
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("2")
    visit.has("1 verdict.")
    visit.has("Nothing waits here: low confidence.")
    visit.page.get_by_role("button", name="Write them now").click()
    visit.page.get_by_text("All corrections are in the result files.").wait_for(timeout=60_000)
    (said,) = project.query("select * from tickets.corrections")
    assert (said["old_class"], said["new_class"], said["why"], said["source"]) == (
        "Billing",
        "Travel",
        "it was the airline",
        "dashboard",
    )
    (file,) = project.home.glob("output_data/tickets/*/a.csv")
    with file.open(encoding="utf-8-sig", newline="") as content:
        rows = {row["id"]: row for row in csv.DictReader(content)}
    assert (rows["A-2"]["class"], rows["A-2"]["model_class"]) == ("Travel", "Billing")
    assert project.rows("category_summary", "a.csv")[0]["class"] == "Travel"


def test_not_sure_and_undo(visit: Visit, project: Project) -> None:
    visit.go("/review?prompt=tickets&queue=Random+sample&file=b.csv", "Review")
    first = visit.page.get_by_test_id("stCode").first.inner_text()
    visit.page.keyboard.press("s")
    visit.page.wait_for_function(
        "before => document.querySelector('[data-testid=stCode]')?.innerText !== before", arg=first
    )
    visit.settle()
    second = visit.page.get_by_test_id("stCode").first.inner_text()
    before = len(project.query("select * from tickets.corrections"))
    visit.page.keyboard.press("3")
    visit.has("1 verdict.")
    visit.page.keyboard.press("u")
    visit.has("Nothing yet.")
    visit.settle()
    assert second in visit.text(), "what was undone waits again"
    rows = project.query("select * from tickets.corrections order by correction_set, number")[before:]
    assert [row["new_class"] for row in rows] == ["Other", None]
    assert all(row["corrected_at"] <= datetime.now(UTC) for row in rows)
