"""Quotes that do not belong together: no row vanishes between them, and cells of several lines stay whole."""

import csv
import io
import random
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_classifier.requests.readers import delimited_fast
from batch_classifier.requests.readers.delimited_fast import FastReadingStops, read_fast
from batch_classifier.requests.readers.delimited_layout import find_layout
from batch_classifier.requests.readers.delimited_slow import BETWEEN_QUOTES, LONE_QUOTE, OPEN_QUOTE, read_slowly
from batch_classifier.requests.readers.rows import Block
from batch_classifier_tests.requests.readers.reading import Row, read


def problems(rows: list[Row]) -> dict[str | None, str]:
    """The rows with a problem, by their ids."""
    return {cells["id"]: problem for cells, problem in rows if problem}


def ids(rows: list[Row]) -> list[str | None]:
    return [cells["id"] for cells, _ in rows]


def test_rows_between_two_stray_quotes_are_read() -> None:
    content = 'id,text\n1,a\n2,"inch\n3,b\n4,c\n5,"again\n6,d\n'
    rows = read(content.encode(), "a.csv")
    assert ids(rows) == ["1", "2", "3", "4", "5", "6"]
    assert problems(rows) == {"2": OPEN_QUOTE, "5": OPEN_QUOTE}
    assert [cells["text"] for cells, _ in rows] == ["a", "inch", "b", "c", "again", "d"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_up_to_a_quote_at_the_end_of_a_cell_are_read(end: str) -> None:
    """By the letter of RFC 4180 it is one cell, but the rows in it go on where the file does."""
    content = end.join(["id,text", "1,a", '2,"inch', "3,b", "4,c", '5,of 12"', "6,d", ""])
    rows = read(content.encode(), "a.csv")
    assert ids(rows) == ["1", "2", "3", "4", "5", "6"] and problems(rows) == {"2": OPEN_QUOTE}
    assert rows[4] == ({"id": "5", "text": 'of 12"'}, None)


@pytest.mark.parametrize(
    "lines",
    [
        ["A-1001,a", 'A-1007,"b', "A-1003,c", 'A-1010,d"', "A-1000,e"],
        ["1,a", "2,b", '3,"c', "7,d", "9,e", "12,f", '13,g"', "20,h"],
        ["1,a", "2,b", '3,"c', "4,d", '5,e"'],
        ["5,a", '6,"b', '7,c"', "8,d"],
        ["0a1b-9,a", '1b1b-9,"b', '2a3b-7,c"', "0a1b-8,d"],
    ],
    ids=["codes", "numbers with gaps", "at the end", "one row", "hexadecimal"],
)
def test_rows_within_a_cell_are_known_by_their_ids(lines: list[str]) -> None:
    rows = read("\n".join(["id,text", *lines, ""]).encode(), "a.csv")
    assert len(rows) == len(lines) and list(problems(rows).values()) == [OPEN_QUOTE]


def test_rows_without_ids_are_known_by_their_labels() -> None:
    lines = ["a,Travel", "b,Billing", "c,Travel", "d,Billing", '"e,Travel', "f,Billing", 'g",Travel', "h,Billing"]
    rows = read("\n".join(["id,label", *lines, ""]).encode(), "a.csv")
    assert ids(rows) == ["a", "b", "c", "d", "e,Travel", "f", 'g"', "h"] and list(problems(rows)) == ["e,Travel"]


@pytest.mark.parametrize("kind", ["uuid", "hexadecimal", "tenths", "numbers of some digits", "ids behind the text"])
def test_no_row_is_lost_whatever_the_ids_are(kind: str) -> None:
    draw = random.Random(3)
    makers: dict[str, Callable[[int], str]] = {
        "uuid": lambda row: str(uuid.UUID(int=draw.getrandbits(128))),
        "hexadecimal": lambda row: f"{draw.randrange(1 << 20, 1 << 32):08x}-{row}",
        "tenths": lambda row: f"{10 + row / 10:.1f}",
        "numbers of some digits": lambda row: str(draw.randrange(1_000, 99_999)),
        "ids behind the text": str,
    }
    make = makers[kind]
    lines = [[make(row), f"please cancel trip {row}"] for row in range(40)]
    lines[20][1] = f'"{lines[20][1]}'
    lines[26][1] = f'{lines[26][1]}"'
    names = ["id", "text"]
    if kind == "ids behind the text":
        lines = [line[::-1] for line in lines]
        names.reverse()
    rows = read("\n".join(map(",".join, [names, *lines])).encode(), "a.csv")
    assert len(rows) == 40 and any(problem for _, problem in rows)


@pytest.mark.parametrize(
    "text",
    [
        "see:\nAB-1,x\n12-c,y\nZ9-d,z",
        "prices:\n1.5,a\n0.5,b\n2.5,c",
        "Please send:\n1,apples\n2,pears",
        "Dear Sir,\nthank you, and goodbye",
        "Dear, all\nI said, yes\nand, well, no",
        "from A,B\nto C,D",
        "call me at:\n3,12",
        "code A-1,x\nA-2,y",
        'a "quoted" word\nand, again, "one"',
        "\n\n",
        "a,b\n",
        "7,x\n8,y\n9,z",
        "100,x\n50,y",
        "Travel\nTravel,Travel",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("header", ["id,text", "text,label", "id,text,label"])
def test_cells_of_several_lines_stay_whole(text: str, place: int, header: str) -> None:
    """Also where a line looks like a row of the file by accident: what is around it does not go on there."""
    names = header.split(",")
    rows = [dict(zip(["id", "text", "label"], [str(row), f"text {row}", "Travel"], strict=True)) for row in range(1, 5)]
    rows[place]["text"] = text
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    found = read(sink.getvalue().encode(), "a.csv")
    assert [(cells["text"], problem) for cells, problem in found] == [(row["text"], None) for row in rows]


def test_a_text_with_quotes_that_are_not_doubled_is_kept_line_by_line() -> None:
    """Nobody can tell where such a text ends: its lines that fit the header are marked among those that don't."""
    content = 'id,text\n1,a\n2,"He said:\nplease\ncall,me\nor "him" then\n3,b\n'
    rows = read(content.encode(), "a.csv")
    assert ids(rows) == ["1", "2", "please", "call", 'or "him" then', "3"]
    assert [problem for _, problem in rows] == [
        None,
        OPEN_QUOTE,
        BETWEEN_QUOTES,
        BETWEEN_QUOTES,
        BETWEEN_QUOTES,
        None,
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('"a" b', LONE_QUOTE),
        ('"he said "no" to me"', LONE_QUOTE),
        ('"a"" b" c', LONE_QUOTE),
        ('"a" ', None),
        ('"a""b"', None),
        ('""', None),
        ('5" nail', None),
        ('a "b" c', None),
        (' "a"', None),
        ("it's", None),
    ],
)
@pytest.mark.parametrize("after", ["", ",x"])
def test_a_quote_within_a_line(line: str, problem: str | None, after: str) -> None:
    header = "id,text,more" if after else "id,text"
    content = f"{header}\n1,a{after}\n2,{line}{after}\n3,b{after}\n"
    rows = read(content.encode(), "a.csv")
    assert ids(rows) == ["1", "2", "3"] and problems(rows) == ({"2": problem} if problem else {})


@pytest.mark.parametrize("kind", ["opening", "both ends"])
def test_a_hundred_and_more_stray_quotes_lose_no_row(kind: str) -> None:
    draw = random.Random(5)
    size = 30_000
    strays = set(draw.sample(range(size), 300))
    closing = set(draw.sample(sorted(set(range(size)) - strays), 300)) if kind == "both ends" else set()
    text = "some text that is long enough, or not"
    lines = [
        f'{row},"some text' if row in strays else f'{row},of 12"' if row in closing else f'{row},"{text} {row}"'
        for row in range(size)
    ]
    rows = read("\n".join(["id,text", *lines, ""]).encode(), "a.csv")
    assert ids(rows) == [str(row) for row in range(size)]
    assert len(problems(rows)) <= 600 and strays <= {int(row) for row in problems(rows) if row}


def test_a_file_with_good_quotes_goes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters, quotes, commas and all: the slow way takes several times as long."""
    draw = random.Random(3)
    words = ['"no"', "yes,", "it's\n", "a", "flight\r\n", "and, well", '5"', "7,8", ""]
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow(["id", "text", "label"])
    for row in range(20_000):
        writer.writerow([row, " ".join(draw.choices(words, k=draw.randint(0, 12))), draw.choice(["Travel", "Billing"])])
    content = io.BytesIO(sink.getvalue().encode())
    rows = 0
    monkeypatch.setattr(delimited_fast, "BLOCK_BYTES", 10_000)
    for block in read_fast(content, "a.csv", find_layout(content, "a.csv")):
        rows += block.cells.num_rows
        assert not block.problems.drop_null()
    assert rows == 20_000


pieces = st.sampled_from(['"', '""', "\n", "\r\n", ",", ",", "1", "2", "3", "A-1", "a", "b ", " ", "é", "Travel"])


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=60).map("".join), st.sampled_from([8, 64, 1 << 20]))
def test_both_ways_see_the_same_rows_whatever_the_quotes(text: str, size: int) -> None:
    content = io.BytesIO(("id,text\n1,a\n2,b\n" + text).encode())
    layout = find_layout(content, "a.csv")
    slow = [row for block in read_slowly(content, "a.csv", layout) for row in _rows(block)]
    fast: list[tuple[object, ...]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited_fast, "BLOCK_BYTES", size)
        try:
            for block in read_fast(content, "a.csv", layout):
                fast += _rows(block)
        except FastReadingStops:
            slow = slow[: len(fast)]
    assert fast == slow


def _rows(block: Block) -> list[tuple[object, ...]]:
    return [
        (*cells.values(), problem)
        for cells, problem in zip(block.cells.to_pylist(), block.problems.to_pylist(), strict=True)
    ]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([str(100 - number) for number in range(30)], id="numbers that go down"),
        pytest.param([str(100 + (number * 7919) % 887) for number in range(30)], id="numbers in no order"),
        pytest.param(
            [f"caller{chr(97 + number % 26)}{number // 26 * 'a'}@example.com" for number in range(30)], id="addresses"
        ),
    ],
)
@pytest.mark.parametrize("last", [7, 12])
def test_rows_between_two_stray_quotes_are_told_whatever_their_first_column(first: list[str], last: int) -> None:
    texts = [f"text {number}" for number in range(30)]
    texts[5], texts[last] = f'"{texts[5]}', f'{texts[last]}"'
    content = "id,text\n" + "".join(f"{one},{text}\n" for one, text in zip(first, texts, strict=True))
    rows = read(content.encode(), "a.csv")
    assert [cells["id"] for cells, _ in rows] == first
    assert [number for number, (_, problem) in enumerate(rows) if problem] == [5]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("sales by year\n2019,good\n2020,bad\n2022,fine", id="years"),
        pytest.param("prices\n120,EUR\n95,EUR\n1200,EUR", id="amounts"),
        pytest.param("codes\n17,a\n23,b\n11,c", id="short numbers"),
        pytest.param("copy\na@b.de,me", id="one address"),
    ],
)
def test_a_text_that_lists_something_is_one_text(text: str) -> None:
    content = f'id,text\n1000,a\n3007,"{text}"\n1200,b\n'
    assert read(content.encode(), "a.csv")[1] == ({"id": "3007", "text": text}, None)
