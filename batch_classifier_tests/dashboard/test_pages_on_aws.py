"""Every page on the aws deployment: files on S3, texts asked at Bedrock, tables in Athena, all emulated; the bill on the page is the command's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch_classifier.notes.budget import usd
from batch_classifier_tests.emulators.serve import list_settings
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.command_line import make_project, run
from batch_classifier_tests.support.dashboard import Visit, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.long

KINDS = ("a complaint", "a refund that is late", "a new booking")
CALLS = "conversation_id,conversation,class,channel\n" + "".join(
    f'C-{number},"User: it is about {KINDS[number % 3]}, number {number}.",Complaint,{"phone" if number % 2 else "chat"}\n'
    for number in range(120)
)


@pytest.fixture(scope="module")
def address(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard on emulated AWS where one file was classified."""
    folder = tmp_path_factory.mktemp("aws")
    make_project(folder)
    prompt = folder / "prompts" / "travel.yaml"
    prompt.write_text(prompt.read_text(encoding="utf-8") + "\nmonthly_budget_usd: 5\n", encoding="utf-8")
    with BedrockEmulator() as emulator, pytest.MonkeyPatch.context() as patch:
        emulator.create_buckets("customer", "internal")
        patch.chdir(folder)
        for name, value in {**list_settings(emulator), "BATCH_CLASSIFIER_BEDROCK_POLL_SECONDS": "0.05"}.items():
            patch.setenv(name, value)
        (folder / "calls.csv").write_text(CALLS, encoding="utf-8")
        done = run("classify", "calls.csv", "--prompt", "travel")
        assert done.exit_code == 0, done.output
        with served(folder) as at:
            yield at


def test_every_page_of_what_lies_at_aws(visit: Visit) -> None:
    visit.go("/?prompt=travel", "Overview")
    visit.has("Classes by a column of your files")
    assert [row for row in visit.cells() if {"Complaint", "40"} <= set(row)], visit.cells()
    visit.go("/texts?prompt=travel&class=Complaint&own.channel=phone", "Texts")
    visit.has("1 to 20 of 20 texts.")
    visit.page.get_by_role("textbox", name="Search in texts and reasons").fill('"number 9."')
    visit.page.keyboard.press("Enter")
    visit.settle()
    visit.has("1 text with these words")
    visit.choose_row(0)
    visit.page.get_by_role("heading", name="Text", exact=True).wait_for()
    assert "number 9." in visit.page.get_by_test_id("stCode").first.inner_text()
    visit.go("/quality?prompt=travel", "Quality")
    visit.has("33.3%")
    visit.go("/review?prompt=travel&queue=Random+sample", "Review")
    visit.page.keyboard.press("1")
    visit.has("1 verdict.")


def test_the_cost_is_that_of_the_command(visit: Visit) -> None:
    report = json.loads(run("costs", "--prompt", "travel", "--json").output)["total"]
    visit.go("/cost?prompt=travel", "Cost")
    visit.has("Estimates off by")
    text = visit.text()
    assert f"{usd(report['cost_usd'])} USD" in text and f"{report['estimate_error']:+.1%}" in text
    assert f"{usd(sum(report['saved'].values()))} USD" in text and f"{usd(5 - report['cost_usd'])} USD" in text
    for by in ("prompt", "file", "category"):
        visit.go(f"/cost?prompt=travel&by_cost={by}", "Cost")
        visit.has(f"By {by}")


def test_a_file_that_is_dropped_goes_to_s3_and_its_result_comes_from_there(visit: Visit, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("conversation\nA complaint of today\nA refund of today\n", encoding="utf-8")
    visit.go("/new_file?prompt=travel", "New file")
    visit.page.locator("input[type=file]").set_input_files(more)
    visit.has("Price, about")
    visit.page.get_by_role("button", name="Start", exact=True).click()
    visit.page.get_by_role("button", name="Result as CSV").first.wait_for(timeout=120_000)
    visit.settle()
    with visit.page.expect_download() as taken:
        visit.page.get_by_role("button", name="Result as CSV").first.click()
    content = Path(taken.value.path()).read_text(encoding="utf-8-sig")
    assert taken.value.suggested_filename == "more.csv" and '"A refund of today","Refund Issues"' in content
