"""Text in any encoding that a spreadsheet program writes."""

import codecs

import pytest

from batch_classifier_tests.requests.readers.reading import read

TEXT = "id,text\r\n1,Zürich – “naïve” €5\r\n2,plain\r\n"
ROWS = [({"id": "1", "text": "Zürich – “naïve” €5"}, None), ({"id": "2", "text": "plain"}, None)]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.encode("windows-1252"),
    ],
    ids=["utf-8", "mark", "utf-16", "le mark", "be mark", "le", "be", "utf-32", "windows-1252"],
)
def test_the_same_text_in_every_encoding(content: bytes) -> None:
    assert read(content, "a.csv") == ROWS


def test_json_with_a_mark_and_in_utf_16() -> None:
    assert read(codecs.BOM_UTF8 + b'[{"a": "x"}]', "a.json") == [({"a": "x"}, None)]
    assert read('{"a": "é"}\n'.encode("utf-16"), "a.jsonl") == [({"a": "é"}, None)]


@pytest.mark.parametrize("undefined", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_bytes_that_no_encoding_defines_become_replacement_characters(undefined: int) -> None:
    [(cells, problem)] = read(b"text\ncaf\xe9 " + bytes([undefined]) + b"\n", "a.csv")
    assert (cells, problem) == ({"text": "café \ufffd"}, None)


def test_windows_1252_that_shows_only_late() -> None:
    rows = 150_000
    content = b"id,text\n" + b"1,plain text and more\n" * rows + b"2,caf\xe9\n3,\x93quoted\x94 \x80\n"
    found = read(content, "a.csv")
    assert len(found) == rows + 2
    assert [cells["text"] for cells, _ in found[-2:]] == ["café", "“quoted” €"]


def test_both_encodings_in_one_file() -> None:
    content = "text\nZürich\n".encode() + "Genève, naïve\n".encode("windows-1252")
    assert [cells["text"] for cells, _ in read(content, "a.csv")] == ["Zürich", "Genève, naïve"]


@pytest.mark.parametrize("shift", range(4))
def test_letters_cut_by_the_borders_of_what_is_read_at_once(shift: int) -> None:
    """2.5 MB of letters of two to four bytes: every border of a megabyte falls inside one of them for some shift."""
    text = "é€😀" * 100
    content = "id,text\n" + "".join(f"{row},{'x' * shift}{text}\n" for row in range(2_800))
    assert {cells["text"] for cells, _ in read(content.encode(), "a.csv")} == {"x" * shift + text}
