"""The dashboard in a real browser: looking, reviewing by keys, a file from its upload to its results, and a database that is written to.

All in one file, so that one dashboard and one browser are started for it.
"""

import csv
import io
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook

from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.dashboard import Visit, served, visiting
from batch_classifier_tests.support.looked_at_tables import ODD_TEXT, put, rows_of
from batch_classifier_tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_overview_shows_classes_and_leads_to_their_texts(visit: Visit) -> None:
    visit.go("/?prompt=tickets", "Overview")
    assert [row[:2] for row in visit.cells()] == [["Travel", "3"], ["Billing", "2"], ["(no class)", "2"]]
    assert "The model did not answer." in str(visit.cells(1))
    visit.choose_row(1)
    visit.page.get_by_role("button", name="Read the texts of Billing").click()
    visit.heading("Texts")
    assert "class=Billing" in visit.page.url, "a view can be sent to a colleague"
    visit.has("1 to 2 of 2 texts.")
    assert visit.hosts == {urlsplit(visit.address).netloc}, "nothing comes from elsewhere"


def test_filters_are_read_from_the_address_and_written_to_it(visit: Visit) -> None:
    visit.go("/?prompt=tickets&own.channel=phone&status=classified", "Overview")
    assert [row[:2] for row in visit.cells()] == [["Billing", "1"], ["Travel", "1"]]
    visit.go("/?prompt=tickets&file=b.csv", "Overview")
    assert [row[:2] for row in visit.cells()] == [["Travel", "2"], ["(no class)", "1"]]
    visit.page.get_by_test_id("stSidebar").get_by_role("combobox", name="Period").click()
    visit.page.get_by_role("option", name="7 days").click()
    visit.settle()
    visit.page.wait_for_url(re.compile(r"period=7(\+|%20)days"))
    visit.page.locator("thead", has_text="Change").first.wait_for(state="attached")


def test_a_search_finds_and_a_text_is_shown_as_it_is(visit: Visit) -> None:
    alerts: list[str] = []
    visit.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    visit.go("/texts?prompt=tickets", "Texts")
    field = visit.page.get_by_role("textbox", name="Search in texts and reasons")
    field.fill("alert(1)")
    field.press("Enter")
    visit.has("1 text with these words")
    visit.settle()
    visit.choose_row(0)
    visit.page.get_by_role("heading", name="Text", exact=True).wait_for()
    assert visit.page.get_by_test_id("stCode").first.inner_text().strip() == ODD_TEXT
    assert not alerts and visit.page.locator("main strong, [data-testid=stMain] strong").count() == 0
    assert "words=alert" in visit.page.url


@pytest.mark.long
def test_what_is_selected_is_downloaded(visit: Visit) -> None:
    visit.go("/texts?prompt=tickets&class=Travel", "Texts")
    with visit.page.expect_download() as expected:
        visit.page.get_by_role("button", name="Download as CSV").click()
    content = expected.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["class"] for row in rows} == {"Travel"} and len(rows) == 3
    assert ODD_TEXT in {row["input_text"] for row in rows}
    with visit.page.expect_download() as expected:
        visit.page.get_by_role("button", name="Download as XLSX").click()
    sheet = load_workbook(io.BytesIO(expected.value.path().read_bytes())).worksheets[0]
    head, *cells = sheet.iter_rows(values_only=True)
    assert {row[head.index("class")] for row in cells} == {"Travel"} and len(cells) == 3


@pytest.mark.long
def test_every_filter_narrows_the_view(visit: Visit) -> None:
    """By the address, as a colleague's link has it; each shows what it was set to, and so many texts."""
    for chosen, number in (
        ("", 7),
        ("&class=(no class)", 2),
        ("&class=Travel", 3),
        ("&status=no answer", 1),
        ("&status=rejected", 1),
        ("&source=model", 7),
        ("&file=a.csv", 4),
        ("&period=7 days", 3),
        ("&period=Chosen days&days=2026-03-01&days=2026-03-03", 4),
        ("&own.channel=chat", 4),
        ("&own.channel=chat&class=Travel&file=b.csv", 2),
    ):
        visit.go(f"/?prompt=tickets{chosen.replace(' ', '+')}", "Overview")
        shown = visit.page.get_by_test_id("stMetricValue").first.inner_text()
        assert shown == str(number), chosen


@pytest.mark.long
def test_two_hundred_thousand_rows(browser: "Browser", tmp_path: Path) -> None:
    """Counts, a search and a verdict, each while a person would still wait."""
    made = make_project(tmp_path)
    row_count, files = 200_000, 10
    for number in range(files):
        texts: list[tuple[str | None, str | None, str, float]] = [
            (
                f"Ticket {number}-{row}: my flight was moved",
                "Travel" if row % 3 else "Billing",
                "chat",
                (row % 100) / 100,
            )
            for row in range(row_count // files)
        ]
        name = f"large_{number}.csv"
        put(made.warehouse, made.prompt, name, rows_of(name, number, texts))
    with served(tmp_path) as at, visiting(browser, at, viewport={"width": 1280, "height": 1_000}) as visit:
        visit.go("/?prompt=tickets", "Overview")
        assert [row[0] for row in visit.cells()] == ["Travel", "Billing"]
        visit.has("200,000")
        visit.go("/texts?prompt=tickets&words=9-19999", "Texts")
        visit.has("1 text with these words")
        visit.go("/review?prompt=tickets&queue=Low+confidence", "Review")
        visit.page.get_by_test_id("stCode").first.wait_for()
        visit.page.keyboard.press("2")
        visit.has("1 verdict.")
    assert len(made.query("select * from tickets.corrections")) == 1


def test_the_page_says_who_may_read_it_and_is_for_this_machine_alone(visit: Visit) -> None:
    visit.go("/?prompt=travel", "Overview")
    visit.has("Nothing is classified with the prompt travel yet.")
    visit.go("/?prompt=tickets", "Overview")
    visit.has("whoever reaches this page may read the texts")
    host = socket.gethostbyname(socket.gethostname())
    if not host.startswith("127."):
        with socket.socket() as outside:
            assert outside.connect_ex((host, int(visit.address.rpartition(":")[2]))) != 0


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


@pytest.mark.long
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


@pytest.mark.long
def test_many_are_said_in_a_table_and_one_becomes_an_example(visit: Visit, project: Project) -> None:
    visit.go("/review?prompt=tickets&queue=Random+sample", "Review")
    visit.page.get_by_text("In a table").click()
    visit.settle()
    before = len(project.query("select * from tickets.corrections"))
    path = Path(project.home).parent / "prompts" / "tickets.yaml"
    kept = path.read_text(encoding="utf-8")
    rows = visit.cells()
    place = next(place for place, row in enumerate(rows) if row[2] not in kept)
    said = rows[place]
    visit.choose_row(place)
    for key in ("ArrowRight", "Space"):
        visit.page.keyboard.press(key)
    visit.page.get_by_role("button", name="Save 1 verdict").click()
    visit.has("1 verdict.")
    (row,) = project.query("select * from tickets.corrections order by correction_set, number")[before:]
    assert (row["new_class"], row["input_text"]) == (said[0], said[2])
    visit.choose_row(0, table=1)
    visit.page.get_by_role("button", name=f"Make it an example of {said[0]}").click()
    visit.has("It is an example now")
    assert said[2] in path.read_text(encoding="utf-8")
    path.write_text(kept, encoding="utf-8")


FILE = b"id,text,channel\n1,I was charged twice on my bill,phone\n2,My flight and hotel were moved,chat\n3,I was charged twice on my bill,chat\n"


def test_a_file_is_dropped_classified_and_taken_away(visit: Visit, project: Project) -> None:
    visit.go("/new_file?prompt=tickets", "New file")
    visit.page.locator("input[type=file]").set_input_files(
        {"name": "calls [1].csv", "mimeType": "text/csv", "buffer": FILE}
    )
    visit.has("Taken for the text: text, the id: id.")
    visit.has("They come back in the results: channel.")
    visit.settle()
    assert "Distinct texts\n\n2" in visit.text() and "Price\n\nnone" in visit.text()
    visit.page.get_by_role("button", name="Start", exact=True).click()
    file = visit.page.get_by_test_id("stExpander").filter(has_text="calls [1].csv")
    file.get_by_role("button", name="Result as CSV").wait_for(timeout=90_000)
    visit.go("/new_file?prompt=tickets", "New file")
    with visit.page.expect_download() as expected:
        file.get_by_role("button", name="Result as CSV").click()
    rows = list(csv.DictReader(io.StringIO(expected.value.path().read_text(encoding="utf-8-sig"))))
    assert [(row["id"], row["class"], row["channel"]) for row in rows] == [
        ("1", "Billing", "phone"),
        ("2", "Travel", "chat"),
        ("3", "Billing", "chat"),
    ]
    assert project.path_of("calls [1].csv").read_bytes() == FILE


@pytest.mark.long
def test_a_file_without_texts_is_told_before_anything_starts(visit: Visit, project: Project) -> None:
    visit.go("/new_file?prompt=tickets", "New file")
    visit.page.locator("input[type=file]").set_input_files(
        {"name": "other.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    visit.has("reads texts from a column called text, and the file has none")
    assert visit.page.get_by_role("button", name="Start", exact=True).count() == 0
    assert not project.path_of("other.csv").exists()


# Another program that has the file open to write, until its input ends.
_HOLDER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read(); c.close()"


def test_a_database_that_is_written_to_is_waited_for_with_a_word(visit: Visit, project: Project) -> None:
    file = project.home / "warehouse.duckdb"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        file.touch()
        visit.page.goto(f"{visit.address}/?prompt=tickets&class=Billing")
        visit.has("A run is writing to the database.")
    finally:
        holder.stdin.close()
        holder.wait(20)
    visit.heading("Overview")
    assert [row[0] for row in visit.cells()] == ["Billing"]
    assert "A run is writing" not in visit.text()


@pytest.mark.long
def test_a_project_without_tables_says_what_to_do(browser: "Browser", tmp_path: Path) -> None:
    made = make_project(tmp_path)
    with served(tmp_path) as at, visiting(browser, at) as visit:
        for path, heading in (("/", "Overview"), ("/texts", "Texts"), ("/review", "Review"), ("/quality", "Quality")):
            visit.go(path, heading)
            visit.has("Nothing is classified with the prompt")
        visit.page.get_by_role("button", name="Classify a file").click()
        visit.heading("New file")
        visit.go("/cost", "Cost")
        assert not (tmp_path / "data" / "warehouse.duckdb").exists(), "looking makes nothing"
        # Tables without a row, as a file that was taken back leaves them.
        made.warehouse.replace(made.prompt.name, CLASSIFICATIONS, "gone.csv", [])
        for path, heading in (("/", "Overview"), ("/texts", "Texts"), ("/review", "Review"), ("/quality", "Quality")):
            visit.go(f"{path}?prompt=tickets", heading)
            visit.has("Nothing is classified with the prompt")
