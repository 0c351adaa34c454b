"""CSV and TSV files: delimiters, headers, quotes, line ends, and rows that don't fit."""

import csv
import io
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_classifier.limits import Limits
from batch_classifier.requests.readers import delimited_fast
from batch_classifier.requests.readers.delimited_fast import FastReadingStops, read_fast
from batch_classifier.requests.readers.delimited_layout import Layout, find_layout
from batch_classifier.requests.readers.delimited_slow import read_slowly
from batch_classifier.requests.readers.rows import Block
from batch_classifier_tests.requests.readers.reading import read, refusal


def names_of(content: str) -> list[str]:
    return find_layout(io.BytesIO(content.encode()), "a.csv").names


def texts(content: str | bytes, column: str = "text") -> list[str | None]:
    content = content.encode() if isinstance(content, str) else content
    rows = read(content, "a.csv")
    assert not any(problem for _, problem in rows)
    return [cells[column] for cells, _ in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    content = 'id,"my, text; a\tb|c"\n1,"a, b; c"\n2,plain\n'.replace("id,", f"id{delimiter}")
    content = content.replace("1,", f"1{delimiter}").replace("2,", f"2{delimiter}")
    assert texts(content, "my, text; a\tb|c") == ["a, b; c", "plain"]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("text\nhello, world\n", ["text"]),
        ("Please, tell us what happened\nI called, nobody, came\nfine\n", ["Please, tell us what happened"]),
        ('"Please, tell us"\n"a, b"\n', ["Please, tell us"]),
        ("id;text, free\n1;a, b\n2;c\n", ["id", "text, free"]),
        ("id,text\n1,a; b; c\n2,d; e\n", ["id", "text"]),
        ("id, text\n1, a, b, c\n2, d, e\n", ["id", "text"]),
        ("sep=;\nid;text\n1;a,b\n", ["id", "text"]),
        ("\n \nid,text\n1,a\n", ["id", "text"]),
        ('"Id\nof call",Text\n1,a\n', ["Id\nof call", "Text"]),
    ],
)
def test_columns_are_found(content: str, names: list[str]) -> None:
    assert names_of(content) == names


@pytest.mark.parametrize("delimiter", ["^", "~", "\t", "§", "\u2603"])
def test_a_first_line_may_name_any_sign_as_delimiter(delimiter: str) -> None:
    content = f'sep={delimiter}\nid{delimiter}text\n1{delimiter}a, b\n2{delimiter}"c{delimiter}d"\n'
    assert texts(content) == ["a, b", f"c{delimiter}d"]


def test_a_control_character_is_no_delimiter() -> None:
    assert names_of("sep=\0\nid,text\n1,a\n") == ["sep=\0"]


@pytest.mark.parametrize("other", [";", "|", "\t"])
def test_delimiters_within_quotes_are_none_though_each_row_has_as_many(other: str) -> None:
    name, text = f"text{other}tags{other}more", f"a{other}b{other}c"
    assert read(f'id,"{name}"\n1,"{text}"\n2,"{text}"\n'.encode(), "a.csv") == [
        ({"id": "1", name: text}, None),
        ({"id": "2", name: text}, None),
    ]


def test_header_names_are_stripped_and_unique() -> None:
    assert names_of(" Id ,Id,,ID,Id,Id_2\n1,2,3,4,5,6\n") == ["Id", "Id_3", "column_3", "ID", "Id_4", "Id_2"]


def test_tab_separated_files_keep_their_commas() -> None:
    assert read(b"id\ttext\n1\ta, b\n", "a.tsv") == [({"id": "1", "text": "a, b"}, None)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last_end", [True, False])
def test_line_ends(end: str, last_end: bool) -> None:
    content = end.join(["id,text", "1,a", "", '2,"b', 'c"', "3,d"]) + (end if last_end else "")
    assert texts(content) == ["a", f"b{end}c", "d"]


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e", "\0"]
)
def test_characters_that_are_line_ends_elsewhere_stay_in_the_cell(character: str) -> None:
    assert texts(f'id,text\n1,"a{character}b"\n2,c\n') == [f"a{character}b", "c"]


def test_an_empty_cell_is_empty_and_not_missing() -> None:
    assert read(b'id,text\n1,\n2,""\n3,NULL\n,NA\n', "a.csv") == [
        ({"id": "1", "text": ""}, None),
        ({"id": "2", "text": ""}, None),
        ({"id": "3", "text": "NULL"}, None),
        ({"id": "", "text": "NA"}, None),
    ]


def test_blank_rows_are_not_counted() -> None:
    assert texts('id,text\n\n1,a\n , \n   \n,\n"",""\n2,b\n\n') == ["a", "b"]


def test_rows_that_do_not_fit_stay_in_their_places() -> None:
    assert read(b"id,text\n1\n2,b\n3,c,d\n4,e,,\n5,f\n6\n,,x\n", "a.csv") == [
        ({"id": "1", "text": None}, "has 1 cell where the header has 2"),
        ({"id": "2", "text": "b"}, None),
        ({"id": "3", "text": "c"}, "has 3 cells where the header has 2"),
        ({"id": "4", "text": "e"}, None),
        ({"id": "5", "text": "f"}, None),
        ({"id": "6", "text": None}, "has 1 cell where the header has 2"),
        ({"id": "", "text": ""}, "has 3 cells where the header has 2"),
    ]


@pytest.mark.parametrize("header", ["id,text", "text"])
def test_a_quote_that_never_closes_costs_one_row_and_says_so(header: str) -> None:
    start = "1," if "," in header else ""
    rows = read(f'{header}\n{start}a\n{start}"b\n{start}c\n{start}d'.encode(), "a.csv")
    assert [(cells["text"], problem) for cells, problem in rows] == [
        ("a", None),
        ("b", "has a quote that never closes"),
        ("c", None),
        ("d", None),
    ]


def test_a_quote_that_never_closes_in_a_long_file() -> None:
    rows = 60_000
    lines = [f"{row},some text about row {row}\n" for row in range(rows)]
    lines[1_000] = '1000,"some text\n'
    found = read(("id,text\n" + "".join(lines)).encode(), "a.csv")
    assert [cells["id"] for cells, _ in found] == [str(row) for row in range(rows)]
    assert [number for number, (_, problem) in enumerate(found) if problem] == [1_000]


def test_a_row_that_grows_without_end_is_cut_at_its_line() -> None:
    content = 'id,text\n1,"a\n' + "2,b\n" * 500 + '3,"c"\n'
    layout = Layout(["id", "text"], ",", len("id,text\n"))
    rows = rows_of(read_slowly(io.BytesIO(content.encode()), "a.csv", layout, Limits(cell_bytes=1_000)))
    assert len(rows) == 502
    assert [problem for *_, problem in rows].count("has a quote that never closes") == 1


def test_too_many_open_quotes_or_an_endless_line_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited_fast, "BLOCK_BYTES", 500)
    assert "quotes that never close" in refusal(b"id,text\n" + b'a","b\n' * 3_000, "a.csv", Limits(cell_bytes=1_000))
    assert "line of more than 1,000" in refusal(b"id,text\n1," + b"a" * 5_000, "a.csv", Limits(cell_bytes=1_000))


def test_an_open_quote_in_the_header_is_refused() -> None:
    assert "header" in refusal(b'id,"text\n1,a\n2,b\n', "a.csv")
    assert "header" in refusal(b'id,"text\n' + b"1,a\n" * 100_000, "a.csv")


def test_a_cell_of_three_megabytes() -> None:
    """Arrow gives up there: what it read before is not read twice, and what comes after is not lost."""
    long = "x" * 3_000_000
    before, after = "".join(f"{row},a\n" for row in range(200_000)), "".join(f"{row},b\n" for row in range(1_000))
    found = texts(f"id,text\n{before}0,{long}\n{after}")
    assert found == ["a"] * 200_000 + [long] + ["b"] * 1_000


def rows_of(blocks: Iterable[Block]) -> list[tuple[str | None, ...]]:
    """Return each row as its cells, its problem behind them."""
    return [
        (*cells.values(), problem)
        for block in blocks
        for cells, problem in zip(block.cells.to_pylist(), block.problems.to_pylist(), strict=True)
    ]


cells = st.text(st.sampled_from("ab\"'\n\r,;\t \x1c\x85\u2028é😀"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=40), st.sampled_from(["\n", "\r\n", "\r"]))
def test_both_readers_read_what_the_csv_module_wrote(rows: list[list[str]], end: str) -> None:
    """Small blocks make every kind of border; where pyarrow stops, what it yielded before must be right as well."""
    text = io.StringIO(newline="")
    # Of the line ends inside cells, the writer quotes only those that it writes itself.
    writer = csv.writer(text) if end == "\r\n" else csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows(rows)
    layout = Layout(["a", "b", "c"], ",", 0)
    content = io.BytesIO(text.getvalue().encode())
    expected = [row for row in rows if any(cell.strip() for cell in row)]
    slow = rows_of(read_slowly(content, "a.csv", layout))
    assert [row[:3] for row in slow] == [tuple([*row, None, None][:3]) for row in expected]
    fast: list[tuple[str | None, ...]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited_fast, "BLOCK_BYTES", 64)
        try:
            for block in read_fast(content, "a.csv", layout):
                fast += rows_of([block])
        except FastReadingStops:
            slow = slow[: len(fast)]
    assert fast == slow


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('ab",\n\r '), max_size=120))
def test_both_readers_agree_on_any_text(text: str) -> None:
    """Quotes in wrong places too: the slow reader goes on where the fast one stopped, so they must see the same rows."""
    layout = Layout(["a", "b"], ",", 0)
    content = io.BytesIO(text.encode())
    slow = rows_of(read_slowly(content, "a.csv", layout))
    fast: list[tuple[str | None, ...]] = []
    try:
        for block in read_fast(content, "a.csv", layout):
            fast += rows_of([block])
    except FastReadingStops:
        slow = slow[: len(fast)]
    assert fast == slow
