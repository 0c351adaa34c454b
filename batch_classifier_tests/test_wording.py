"""Foreign names, wherever they are shown: whatever they hold, a terminal and Markdown show them as they are."""

import contextlib
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.defs.metadata import bar_chart, markdown_table
from batch_classifier.errors import ClassifierError, PromptError
from batch_classifier.wording import counted, fit_line, fit_markdown

HOSTILE = [
    *(
        "\x1b[31mred\x1b[0m",
        "\x1b]8;;http://a.b\x1b\\link\x1b]8;;\x1b\\",
        "\x9b2J",
        "a\rb",
        "a\nError: b",
        "\x07\x08\x7f",
    ),
    *("[red]x[/red]", "[/]", "[link=http://a.b]x", ":smile:", "\u202egnp.exe", "\u2066a", "\ud800", "\udcff", "\x00"),
    *("[x](http://a.b)", "![](http://a.b/i.png)", "[x]: http://a.b", "<img src=http://a.b>", "<script>", "&lt;b&gt;"),
    *("http://a.b", "https://a.b/c?d=e", "HTTP://A.B", "www.a.b", "me@a.b", "mailto:me@a.b", "<me@a.b>", "ftp://a.b"),
    *("`", "```", "~~~", "a|b", "a\\|b", "\\", "a\\", "# a", "- a", "1. a", "> a", "---", "===", "*a*", "_a_", "~~a~~"),
    *(
        "![`](`http://a.b)",
        "[a][b]",
        "]",
        "(",
        "a  \nb",
        "\u2028",
        "$$x$$",
        "\\[x](http://a.b)",
        "\u200d",
        "日本 \U0001f600",
    ),
]
names = st.one_of(
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), max_size=6).map("".join),
    st.text(st.characters(codec=None), max_size=40),
)
# What GitHub's Markdown makes links of in text that is none of Markdown's own links.
LINKED = re.compile(r"(?i)https?://|ftp://|www\.|(?:mailto|xmpp):[-.\w]|[-.\w+]@[-\w]+\.")
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def is_fit_for_a_terminal(text: str) -> bool:
    return all(one.isprintable() or one in "\u200c\u200d" for one in text) and text.encode().decode() == text


def tokens_of(markdown: str) -> list[Token]:
    """All tokens, those within lines too."""
    return [token for block in MARKDOWN.parse(markdown) for token in (block, *(block.children or []))]


def assert_shows_text_only(markdown: str) -> None:
    """Whoever renders this shows text, and makes no link, image, HTML or emphasis of it."""
    for token in tokens_of(markdown):
        kind = token.type
        assert not kind.startswith(("link", "image", "html", "em_", "strong", "s_", "heading", "blockquote", "hr")), (
            token
        )
        assert kind != "text" or not LINKED.search(token.content), token


@given(names)
@settings(max_examples=500)
def test_a_line_moves_no_cursor_and_is_one(name: str) -> None:
    assert is_fit_for_a_terminal(fit_line(name))
    assert len(fit_line(name, 10)) <= 10 * len("\\U0001f600")
    assert fit_line(fit_line(name)) == fit_line(name)


@pytest.mark.parametrize(
    "name", ["", "calls of May.csv", "März 日本 \U0001f600.csv", "👨‍👩‍👧.csv", 'it\'s "quoted" \\ [x]']
)
def test_what_is_printable_stays_as_it_is(name: str) -> None:
    assert fit_line(name) == name


def test_what_is_not_is_shown_as_its_escape() -> None:
    assert fit_line("\x1b[31ma\r\nb\u202e\udcff\x00") == "\\x1b[31ma\\r\\nb\\u202e\\udcff\\x00"


def test_what_is_long_is_cut() -> None:
    assert fit_line("x" * 50, 10) == "x" * 9 + "…" and fit_line("x" * 10, 10) == "x" * 10


@given(names)
@settings(max_examples=1_000)
def test_markdown_makes_nothing_of_a_name_but_its_text(name: str) -> None:
    markdown = fit_markdown(name)
    assert_shows_text_only(markdown)
    shown = "".join(token.content for token in tokens_of(markdown) if token.type in ("text", "text_special"))
    assert shown.replace("\u2060", "") == fit_line(name.strip()).replace("\u2060", "").strip()


@given(st.lists(st.tuples(names, names), min_size=1, max_size=3), names)
@settings(max_examples=500)
def test_a_markdown_table_keeps_its_cells_and_shows_text_only(rows: list[tuple[str, str]], header: str) -> None:
    names = ["first", header if header != "first" else "second"]
    markdown = markdown_table([dict(zip(names, row, strict=True)) for row in rows]).value
    assert_shows_text_only(markdown)
    kinds = [token.type for token in MARKDOWN.parse(markdown)]
    assert (kinds.count("th_open"), kinds.count("tr_open"), kinds.count("td_open")) == (2, 1 + len(rows), 2 * len(rows))


@given(st.dictionaries(names, st.floats(0, 1), max_size=4))
def test_a_chart_is_one_block_of_code(shares: dict[str, float]) -> None:
    (block,) = MARKDOWN.parse(bar_chart(shares).value)
    assert block.type == "fence" and block.content.count("\n") == max(1, len(shares))


@given(st.lists(names, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_a_terminal_shows_any_name_in_lines_and_tables(cells: list[str]) -> None:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setenv("COLUMNS", "2000")
        print_table(["column"] * len(cells), [cells])
        say(*cells)
    lines = out.getvalue().split("\n")
    assert all(is_fit_for_a_terminal(line) for line in lines)
    assert lines[3:] == [*map(fit_line, cells), ""]
    assert letters(lines[2]) == letters("".join(map(fit_line, cells)))


def letters(line: str) -> str:
    """What a table neither adds nor takes away."""
    return "".join(line.replace("│", "").split())


@given(names)
def test_an_error_is_one_line_whatever_it_names(name: str) -> None:
    for error in (ClassifierError(f"{name}: is wrong."), PromptError(f"{name}: is wrong.")):
        assert is_fit_for_a_terminal(str(error))


@pytest.mark.parametrize(("number", "expected"), [(1, "1 row"), (0, "0 rows"), (2_000, "2,000 rows")])
def test_numbers_stand_with_their_noun(number: int, expected: str) -> None:
    assert counted(number, "row") == expected
