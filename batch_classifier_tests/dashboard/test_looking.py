"""Looking at what was classified, in a real browser: figures, filters in the address, texts as text, downloads."""

import csv
import io
import socket
from urllib.parse import urlsplit

from batch_classifier_tests.support.dashboard import Visit
from batch_classifier_tests.support.looked_at_tables import ODD_TEXT


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
    assert "period=7+days" in visit.page.url or "period=7%20days" in visit.page.url
    assert "Change" in str(visit.page.get_by_test_id("stDataFrame").first.locator("thead").text_content())


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


def test_what_is_selected_is_downloaded(visit: Visit) -> None:
    visit.go("/texts?prompt=tickets&class=Travel", "Texts")
    with visit.page.expect_download() as expected:
        visit.page.get_by_role("button", name="Download as CSV").click()
    content = expected.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["class"] for row in rows} == {"Travel"} and len(rows) == 3
    assert ODD_TEXT in {row["input_text"] for row in rows}


def test_the_page_says_who_may_read_it_and_is_for_this_machine_alone(visit: Visit) -> None:
    visit.go("/?prompt=travel", "Overview")
    visit.has("Nothing is classified with the prompt travel yet.")
    visit.go("/?prompt=tickets", "Overview")
    visit.has("whoever reaches this page may read the texts")
    host = socket.gethostbyname(socket.gethostname())
    if not host.startswith("127."):
        with socket.socket() as outside:
            assert outside.connect_ex((host, int(visit.address.rpartition(":")[2]))) != 0
