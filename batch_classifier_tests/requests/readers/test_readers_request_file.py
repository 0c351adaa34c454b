"""Reading request files of any format: numbering, sizes, and one clear sentence for a file that can't be read."""

import gzip
import io
from pathlib import Path

import pyarrow as pa
import pytest

from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES, is_supported, read_rows
from batch_classifier_tests.requests.readers.reading import read, read_blocks, refusal


@pytest.mark.parametrize("name", [f"march/Calls{suffix.upper()}" for suffix in SUPPORTED_SUFFIXES])
def test_suffixes_are_supported_in_any_case(name: str) -> None:
    assert is_supported(name)


@pytest.mark.parametrize(
    "name", ["calls.doc", "calls", "calls.csv.zip", "a/~$calls.xlsx", "a/.calls.csv", "calls.xlsx.gz"]
)
def test_other_names_are_not_supported(name: str) -> None:
    assert not is_supported(name)


def test_an_unsupported_suffix_is_refused_with_those_that_can_be_used() -> None:
    assert ".csv" in refusal(b"id,text\n1,a\n", "calls.docx")


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.jsonl", "a.xlsx", "a.xls"])
def test_an_empty_file_is_refused(name: str) -> None:
    assert "is empty" in refusal(b"", name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"id,text\n"),
        ("a.csv", b"id,text"),
        ("a.csv", b'id,text\n\n , \n"",\n'),
        ("a.csv.gz", gzip.compress(b"id,text\r\n", mtime=0)),
        ("a.json", b" [ ] "),
        ("a.json", b'[{}, {"a": null}, {"a": " "}]'),
        ("a.jsonl", b'{}\n\n{"a": ""}\n'),
    ],
)
def test_a_file_without_data_rows_is_refused(name: str, content: bytes) -> None:
    assert "no data rows" in refusal(content, name)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (gzip.compress(b"id,text\n1,a\n", mtime=0), "gzip"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "web page"),
        (bytes(range(256)) * 20, "binary"),
        (b"\x00" * 5_000, "binary"),
        (b"a.txt".ljust(512, b"\x00") + b"id,text\n1,as in a tar\n" * 100, "binary"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.jsonl"])
def test_a_file_of_another_kind_is_refused_by_that_kind(name: str, content: bytes, kind: str) -> None:
    assert kind in refusal(content, name)


def test_a_text_of_control_characters_is_still_text() -> None:
    """A terminal's log in a cell is full of them; what tells a binary file is that it is no UTF-8, or its NULs."""
    text = "é" + "".join(map(chr, [*range(1, 9), *range(14, 27)])) * 3
    content = f'id,text\n1,"{text}"\n'
    assert read(content.encode(), "a.csv") == [({"id": "1", "text": text}, None)]
    assert "binary" in refusal(content.encode("latin-1"), "a.csv")


def test_compressed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(b"id,text\n1,a\n") + gzip.compress(b"2,b\n"))
    with path.open("rb") as file:
        assert [block.cells.to_pylist() for block in read_rows(file, path.name)] == [
            [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]
        ]
        assert not file.closed


@pytest.mark.parametrize("cut", [5, 30, 2_000])
def test_a_compressed_file_that_is_cut_off_is_refused(cut: int) -> None:
    content = b"".join(f"{row},{row * 7919 % 10007}\n".encode() for row in range(20_000))
    refusal(gzip.compress(b"id,text\n" + content)[:-cut], "calls.csv.gz")


def test_what_is_not_compressed_is_refused_as_such() -> None:
    assert "not a gzip file" in refusal(b"id,text\n1,a\n", "calls.csv.gz")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_blocks_are_small_whatever_the_rows_are(name: str) -> None:
    """Short rows are cut by number, long rows by size."""
    for text, count in (("x", 30_000), ("y" * 100_000, 120)):
        if name.endswith(".csv"):
            content = "id,text\n" + "".join(f"{row},{text}\n" for row in range(count))
        else:
            lines = [f'{{"id": {row}, "text": "{text}"}}' for row in range(count)]
            content = "\n".join(lines) if name.endswith("l") else "[" + ",".join(lines) + "]"
        blocks = read_blocks(content.encode(), name)
        assert sum(block.cells.num_rows for block in blocks) == count
        assert max(block.cells.nbytes for block in blocks) < 4_000_000


def test_arrow_files_are_read_like_python_files(tmp_path: Path) -> None:
    for name, content in (("a.csv", b"id,text\n1,a\n"), ("a.json", b'[{"id": 1, "text": "a"}]')):
        (tmp_path / name).write_bytes(content)
        with pa.OSFile(str(tmp_path / name)) as file:
            assert [block.cells.to_pylist() for block in read_rows(file, name)] == [[{"id": "1", "text": "a"}]]


def test_a_reader_that_is_left_early_leaves_the_file_usable() -> None:
    file = io.BytesIO(b"id,text\n" + b"1,some text\n" * 500_000)
    first = next(read_rows(file, "a.csv"))
    assert first.row_numbers[0].as_py() == 1
    file.seek(0)
    assert file.read(7) == b"id,text"
