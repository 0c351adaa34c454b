"""The dashboard in a real browser, for all people and all texts: names and contrast, keys alone, a telephone, every script, two at once."""

import re
from typing import TYPE_CHECKING, Literal

import pytest

from batch_classifier.language.text_id import text_id
from batch_classifier_tests.support.dashboard import Visit, visiting
from batch_classifier_tests.support.looked_at_tables import put, rows_of
from batch_classifier_tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCRIPTS = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> & &amp; **bold** $x^2$ :red[no] `code` [a](https://example.com)\n"
    "English, Ελληνικά, Русский, עברית שלום, العربية مرحبا, हिन्दी नमस्ते, বাংলা, தமிழ், ไทย สวัสดี, ខ្មែរ, አማርኛ, ქართული, Հայերեն,\n"
    "中文你好, 日本語こんにちは, 한국어 안녕, Tiếng Việt, e\u0301, 👩‍👩‍👧 🏳️‍🌈 👍🏽 🇩🇪, a\u200bb, tab\there"
)
FROM_THE_RIGHT = "مرحبا، أين رحلتي إلى New York؟"
LONG = "The train was late. " * 5_120  # 100 KB

PAGES = (
    *(("/?prompt=tickets&period=7+days", "Overview"), ("/texts?prompt=tickets", "Texts")),
    *(("/review?prompt=tickets", "Review"), ("/quality?prompt=tickets", "Quality")),
    *(("/cost?prompt=tickets", "Cost"), ("/new_file?prompt=tickets", "New file")),
)
# What axe-core says of Streamlit's own elements, and the page has no say in.
OF_STREAMLIT = {
    # The place where files are dropped is a section that is said to be none, and has a name.
    "presentation-role-conflict",
    # The column of ticks has no title.
    "empty-table-header",
}


@pytest.fixture(scope="module")
def odd_texts(project: Project) -> None:
    """A file with texts that are seldom."""
    texts = [(text, "Travel", "chat", 0.3) for text in (SCRIPTS, FROM_THE_RIGHT, LONG)]
    put(project.warehouse, project.prompt, "odd.csv", rows_of("odd.csv", 2, texts))


def test_names_contrast_in_light_and_dark_and_a_telephone(visit: Visit, odd_texts: None) -> None:
    found: list[str] = []
    for path, heading in PAGES:
        visit.page.set_viewport_size({"width": 1280, "height": 1_000})
        visit.page.emulate_media(color_scheme="light")
        visit.go(path, heading)
        if heading == "Texts":
            visit.choose_row(0)
        if heading == "Review":
            visit.has("Which class is it?")
        schemes: tuple[tuple[Literal["light", "dark"], tuple[str, ...]], ...] = (
            ("light", ()),
            ("dark", ("color-contrast",)),
        )
        for scheme, rules in schemes:
            visit.page.emulate_media(color_scheme=scheme)
            visit.settle()
            found += [
                f"{heading}, {scheme}: {one}" for one in visit.axe(*rules) if one.split(":")[0] not in OF_STREAMLIT
            ]
        visit.page.set_viewport_size({"width": 390, "height": 844})
        visit.settle()
        wide = visit.page.evaluate(
            "() => document.querySelector('[data-testid=stMain]').scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            found.append(f"{heading} has to be moved sideways on a telephone, by {wide} pixels")
    assert not found, "\n".join(found)


def test_texts_of_every_script_and_length_are_shown_as_they_are(visit: Visit, odd_texts: None) -> None:
    alerts: list[str] = []
    visit.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    visit.go("/texts?prompt=tickets&file=odd.csv&order=oldest+first", "Texts")
    texts = {}
    for place in range(3):
        visit.choose_row(place)
        visit.page.get_by_role("heading", name="Text", exact=True).wait_for()
        shown = visit.page.get_by_test_id("stCode").first
        texts[str(shown.text_content())] = shown.locator("code").evaluate("code => getComputedStyle(code).unicodeBidi")
    assert texts == dict.fromkeys((SCRIPTS, FROM_THE_RIGHT, LONG), "plaintext"), "each in its own direction"
    assert not alerts and visit.page.locator("[data-testid=stMain] :is(strong, img, script)").count() == 0
    visit.go("/review?prompt=tickets&file=odd.csv&queue=Low+confidence", "Review")
    visit.page.get_by_role("button", name=re.compile("^Travel")).wait_for()
    assert not alerts


def test_keys_alone_lead_to_a_page_a_filter_and_a_verdict(visit: Visit, project: Project) -> None:
    visit.go("/?prompt=tickets", "Overview")
    press = visit.page.keyboard.press
    _tab_to(visit, "Review")
    press("Enter")
    visit.heading("Review")
    _tab_to(visit, "Request file")
    visit.page.keyboard.type("b.csv")
    press("Enter")
    visit.settle()
    assert "file=b.csv" in visit.page.url
    press("Escape")
    visit.page.evaluate("() => document.activeElement.blur()")
    first = visit.page.get_by_test_id("stCode").first.inner_text()
    press("2")
    visit.has("1 verdict.")
    (said,) = project.query("select * from tickets.corrections where new_class is not null")
    assert said["input_text"] == first.strip()
    press("u")
    visit.has("Nothing yet.")


# The name of what has the focus, as far as the page writes it; a sign before it is a word to a script.
_NAMED = """() => {
    const one = document.activeElement
    return [one.getAttribute('aria-label'), one.labels?.[0]?.innerText, one.innerText].filter(Boolean).join('\\n')
}"""


def _tab_to(visit: Visit, name: str) -> None:
    """Go on by the tab key until what has this name has the focus."""
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        if any(line.strip().startswith(name) for line in str(visit.page.evaluate(_NAMED)).split("\n")):
            return
    raise AssertionError(f"no tab leads to {name}")


def _press(visit: Visit, key: str) -> str:
    """Press a key, and wait for the next text."""
    shown = visit.page.get_by_test_id("stCode").first
    before = shown.text_content()
    visit.page.keyboard.press(key)
    changed = (
        "before => ![null, undefined, before].includes(document.querySelector('[data-testid=stCode]')?.textContent)"
    )
    visit.page.wait_for_function(changed, arg=before)
    visit.settle()
    return str(shown.text_content())


def test_what_two_people_say_at_once_is_kept(
    browser: "Browser", address: str, project: Project, odd_texts: None
) -> None:
    """Each has the page open before the other one says anything: of one text they say different things, then of two at once."""
    path = "/review?prompt=tickets&queue=Low+confidence&file=odd.csv"
    before = len(project.query("select * from tickets.corrections"))
    with visiting(browser, address) as one, visiting(browser, address) as other:
        for visit in (one, other):
            visit.go(path, "Review")
            visit.page.get_by_test_id("stCode").first.wait_for()
        same = str(one.page.get_by_test_id("stCode").first.text_content())
        assert same == other.page.get_by_test_id("stCode").first.text_content()
        texts = [_press(one, "1"), _press(other, "3")]
        assert texts[0] == texts[1]
        texts[1] = _press(other, "s")
        assert len({same, *texts}) == 3
        one.page.keyboard.press("1")
        other.page.keyboard.press("3")
        for visit in (one, other):
            visit.has("2 verdicts.")
    rows = project.query("select * from tickets.corrections order by correction_set, number")[before:]
    classes = project.prompt.class_names
    assert [(row["text_id"], row["new_class"]) for row in rows[:2]] == [
        (text_id(same), classes[0]),
        (text_id(same), classes[2]),
    ]
    assert {(row["text_id"], row["new_class"]) for row in rows[2:]} == {
        (text_id(texts[0]), classes[0]),
        (text_id(texts[1]), classes[2]),
    }
    with visiting(browser, address) as reader:
        reader.go("/texts?prompt=tickets&file=odd.csv", "Texts")
        held = sorted(row[1] for row in reader.cells())
        assert held == sorted([classes[2], classes[0], classes[2]]), "the later one holds"
