"""From an upload to the result, as somebody who has never heard of Dagster does it."""

import csv
import io

from batch_classifier_tests.support.dashboard import Visit
from batch_classifier_tests.support.project import Project

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
    visit.page.get_by_role("button", name="Result as CSV").wait_for(timeout=90_000)
    visit.go("/new_file?prompt=tickets", "New file")
    with visit.page.expect_download() as expected:
        visit.page.get_by_role("button", name="Result as CSV").click()
    rows = list(csv.DictReader(io.StringIO(expected.value.path().read_text(encoding="utf-8-sig"))))
    assert [(row["id"], row["class"], row["channel"]) for row in rows] == [
        ("1", "Billing", "phone"),
        ("2", "Travel", "chat"),
        ("3", "Billing", "chat"),
    ]
    assert project.path_of("calls [1].csv").read_bytes() == FILE


def test_a_file_without_texts_is_told_before_anything_starts(visit: Visit, project: Project) -> None:
    visit.go("/new_file?prompt=tickets", "New file")
    visit.page.locator("input[type=file]").set_input_files(
        {"name": "other.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    visit.has("reads texts from a column called text, and the file has none")
    assert visit.page.get_by_role("button", name="Start", exact=True).count() == 0
    assert not project.path_of("other.csv").exists()
