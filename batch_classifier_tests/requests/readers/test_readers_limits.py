"""Small files that unpack without end, and what else is too large: refused in one sentence, in bounded memory and time."""

import gzip
import io
import json
import os
import resource
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, HARMLESS_BYTES, Limits
from batch_classifier.requests.readers import isolated_reading, reader_process
from batch_classifier.requests.readers.formats import read_rows
from batch_classifier.requests.readers.isolated_reading import read_isolated
from batch_classifier.requests.readers.parquet import read_parquet
from batch_classifier.requests.readers.rows import Block
from batch_classifier_tests.requests.readers.reading import read, refusal
from batch_classifier_tests.requests.readers.workbooks import with_cells, xlsx

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _in_bounded_memory() -> Iterator[None]:
    """No file of this module takes this process 0.7 GB beyond where it was, or there is a limit missing."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    # The highest ever, in kilobytes: other tests of this process may have been there before.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 700_000


def packed(members: dict[str, list[bytes]]) -> bytes:
    """An XLSX workbook with one sheet, and these members in place of its own, given in pieces."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(with_cells(""))) as source,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.namelist():
            with target.open(member, "w") as file:
                for piece in members.get(member) or [source.read(member)]:
                    file.write(piece)
    return content.getvalue()


def sheet(rows: list[bytes]) -> list[bytes]:
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    titles = b'<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c></row>'
    return [head, titles, *rows, b"</sheetData></worksheet>"]


@pytest.mark.parametrize("dimension", ["A1:B2", "A1", "A1:XFD1048576"])
@pytest.mark.parametrize("cell", ['<c r="XFD1048576"><v>1</v></c>', "<c\n s='1' r = 'xfd1048576'><v>1</v></c>"])
def test_a_cell_in_the_last_corner_is_refused_by_its_own_reference(cell: str, dimension: str) -> None:
    """Whatever the sheet says of itself: 1.6 KB would ask for 549 GB."""
    content = with_cells(f'<c r="A2"><v>1</v></c></row><row r="1048576">{cell}', "", dimension)
    assert "reaches from A1 to XFD1048576" in refusal(content, "a.xlsx")


def test_a_large_workbook_with_a_cell_in_the_last_corner_is_refused() -> None:
    rows = [b'<row><c t="inlineStr"><is><t>%b</t></is></c></row>' % (b"word " * 6_000) for _ in range(1_100)]
    stray = b'<row r="1048575"><c r="A1048575"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    limits = Limits(unpacked_ratio=100_000)
    assert "reaches from" in refusal(packed({"xl/worksheets/sheet1.xml": sheet([*rows, stray])}), "a.xlsx", limits)


def test_a_sheet_that_only_says_that_it_is_large_is_read() -> None:
    content = with_cells('<c r="A2"><v>1</v></c><c r="B2"><v>2</v></c>', "", "A1:XFD1048576")
    assert read(content, "a.xlsx") == [({"id": "1", "text": "2"}, None)]


def test_a_reference_within_a_text_is_a_text() -> None:
    text = 'see &lt;c r="XFD1048576"> there'
    content = with_cells(f'<c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>{text}</t></is></c>')
    assert read(content, "a.xlsx")[0][0]["text"] == 'see <c r="XFD1048576"> there'


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, Limits(unpacked_ratio=100_000)], ids=["ratio", "cell"])
def test_a_cell_of_200_megabytes_in_a_small_workbook_is_refused(limits: Limits) -> None:
    huge = [b'<row r="2"><c r="A2" t="inlineStr"><is><t>', *[b"x" * MEGABYTE] * 200, b"</t></is></c></row>"]
    content = packed({"xl/worksheets/sheet1.xml": sheet(huge)})
    assert len(content) < MEGABYTE
    setting = "MAX_UNPACKED_RATIO" if limits is DEFAULT_LIMITS else "MAX_CELL_BYTES"
    assert f"BATCH_CLASSIFIER_{setting}" in refusal(content, "a.xlsx", limits)


def test_a_large_shared_string_is_refused() -> None:
    shared = [
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>',
        *[b"x" * MEGABYTE] * 200,
        b"</t></si></sst>",
    ]
    content = packed({"xl/sharedStrings.xml": shared})
    assert "MAX_UNPACKED_RATIO" in refusal(content, "a.xlsx")


def test_a_shared_string_that_many_cells_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """30 MB that stand in 20,000 cells are 600 GB; 4 KB in as many are no trouble."""
    monkeypatch.setattr(isolated_reading, "MOST_MEMORY_BYTES", 1 << 30)
    cells = [b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(2, 20_002)]
    for size, is_refused in ((30 * MEGABYTE, True), (4_000, False)):
        text = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%b</t></si></sst>'
        content = packed({"xl/sharedStrings.xml": [text % (b"x" * size)], "xl/worksheets/sheet1.xml": sheet(cells)})
        if is_refused:
            refusal(content, "a.xlsx")
        else:
            assert sum(rows.cells.num_rows for rows in read_rows(io.BytesIO(content), "a.xlsx")) == 20_000


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    """Its list says that a sheet is short."""
    huge = [b'<row r="2"><c r="A2" t="inlineStr"><is><t>', *[b"x" * MEGABYTE] * 200, b"</t></is></c></row>"]
    content = bytearray(packed({"xl/worksheets/sheet1.xml": sheet(huge)}))
    place = content.rindex(b"PK\x01\x02", 0, content.rindex(b"xl/worksheets/sheet1.xml"))
    content[place + 24 : place + 28] = (1_000).to_bytes(4, "little")
    refusal(bytes(content), "a.xlsx")


def test_an_open_document_that_repeats_its_cells_is_refused() -> None:
    """An abort of the reader's library ends one file."""
    body = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", body)
        target.writestr("META-INF/manifest.xml", "<manifest/>")
    refusal(content.getvalue(), "a.ods")


def parquet(text: str, rows: int, **options: object) -> bytes:
    content = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    pq.write_table(pa.table({"text": column}), content, **options)
    return content.getvalue()


def test_parquet_that_unpacks_without_end_is_refused() -> None:
    content = parquet("x" * MEGABYTE, 5_400, compression="zstd")
    assert len(content) < 20_000
    assert "MAX_UNPACKED_RATIO" in refusal(content, "a.parquet")


def test_parquet_with_a_list_without_end_is_refused() -> None:
    """One row of 20 million numbers in a few kilobytes."""
    values = pa.repeat(pa.scalar(7, pa.int8()), 20 * MEGABYTE)
    table = pa.table({"text": pa.ListArray.from_arrays([0, len(values)], values)})
    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd")
    del values, table
    assert len(content.getvalue()) < MEGABYTE
    assert "MAX_UNPACKED_RATIO" in refusal(content.getvalue(), "a.parquet")


@pytest.mark.parametrize("use_dictionary", [True, False])
@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY"])
def test_parquet_is_read_by_bytes(use_dictionary: bool, encoding: str) -> None:
    """2,000 rows of 1 MB are 2 GB: never more than some of them are in memory."""
    content = io.BytesIO()
    options = (
        {"use_dictionary": ["text"]}
        if use_dictionary
        else {"use_dictionary": False, "column_encoding": {"text": encoding}}
    )
    schema = pa.schema({"id": pa.string(), "text": pa.string()})
    with pq.ParquetWriter(content, schema, compression="zstd", **options) as writer:
        for row in range(200):
            writer.write_batch(pa.record_batch([[str(row)], ["x" * MEGABYTE]], schema=schema), row_group_size=1_000)
    limits = Limits(unpacked_ratio=1_000_000)
    seen = 0
    for block in read_parquet(content, "a.parquet", limits):
        assert block.cells.nbytes < 40 * MEGABYTE
        assert block.cells.column("id").to_pylist() == [*map(str, range(seen, seen + block.cells.num_rows))]
        seen += block.cells.num_rows
    assert seen == 200


def gzipped(pieces: Iterator[bytes]) -> bytes:
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", mtime=0) as file:
        for piece in pieces:
            file.write(piece)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "start", "piece"),
    [
        ("a.csv.gz", b"id,text\n", b"1,my flight is late\n" * 50_000),
        ("a.csv.gz", b"id,text\n1,", b"x" * MEGABYTE),
        ("a.csv.gz", b"", b" " * MEGABYTE),
        ("a.csv.gz", b"", b"\n" * MEGABYTE),
        ("a.jsonl.gz", b"", b'{"text": "my flight is late"}\n' * 30_000),
        ("a.json.gz", b'[{"text": "', b"x" * MEGABYTE),
        ("a.json.gz", b"[", b" " * MEGABYTE),
        ("a.jsonl.gz", b"", b"\n" * MEGABYTE),
    ],
)
def test_a_gzip_file_that_unpacks_without_end_is_refused(name: str, start: bytes, piece: bytes) -> None:
    content = gzipped(piece for piece in [start, *[piece] * 130])
    assert len(content) * 100 < 130 * len(piece)
    refusal(content, name)


def test_a_file_that_unpacks_to_little_is_read_whatever_its_ratio() -> None:
    content = gzipped(iter([b"id,text\n", *[b"1,my flight is late\n"] * 100_000]))
    assert len(content) * 200 < 100_000 * 20 < HARMLESS_BYTES
    assert len(read(content, "a.csv.gz")) == 100_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"id,text\n1,%b\n" % (b"x" * 1_500)),
        ("a.csv.gz", gzip.compress(b"id,text\n1,%b\n" % (b"x" * 1_500))),
        ("a.json", json.dumps([{"text": "x" * 1_500}]).encode()),
        ("a.jsonl", json.dumps({"text": "x" * 1_500}).encode()),
        ("a.xlsx", xlsx({"a": [["text"], ["x" * 1_500]]})),
        ("a.parquet", parquet("x" * 1_500, 1)),
    ],
    ids=["csv", "csv.gz", "json", "jsonl", "xlsx", "parquet"],
)
def test_each_limit_is_a_setting_that_its_sentence_names(name: str, content: bytes) -> None:
    message = refusal(content, name, Limits(cell_bytes=1_000))
    assert "BATCH_CLASSIFIER_MAX_CELL_BYTES" in message and "1,000" in message
    assert "BATCH_CLASSIFIER_MAX_FILE_BYTES" in refusal(content, name, Limits(file_bytes=len(content) - 1))
    assert read(content, name)


def test_the_cell_that_is_too_large_is_told_by_its_row() -> None:
    content = b"id,text\n" + b"1,a\n" * 2_500 + b"2,%b\n" % (b"x" * 1_500) + b"3,b\n" * 10
    assert "a cell of 1,500 bytes in row 2,501" in refusal(content, "a.csv", Limits(cell_bytes=1_000))


def test_a_row_of_a_workbook_that_does_not_end_is_found_without_reading_it_again_and_again() -> None:
    """Each cell is cut out of what is left once: 60 MB take about a second, and not half an hour."""
    cells = [b'<row r="2">', *[b'<c t="inlineStr"><is><t>%b</t></is></c>' % (b"x" * 1_000)] * 60_000, b"</row>"]
    content = packed({"xl/worksheets/sheet1.xml": sheet(cells)})
    assert "MAX_CELL_BYTES" in refusal(content, "a.xlsx", Limits(cell_bytes=MEGABYTE, unpacked_ratio=100_000))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_too_many_columns_are_refused(name: str) -> None:
    names = [f"c{place}" for place in range(20_000)]
    if name == "a.csv":
        content = ",".join(names).encode() + b"\n1,2\n"
    elif name == "a.parquet":
        sink = io.BytesIO()
        pq.write_table(pa.table({name: ["a"] for name in names}), sink)
        content = sink.getvalue()
    else:
        content = json.dumps(dict.fromkeys(names, "a")).encode()
        [(_, problem)] = read(content + b"\n", name)
        assert problem == "has more than 16,384 keys"
        return
    assert "more than 16,384 columns" in refusal(content, name)


# What can happen to the process that reads.


def _in_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    """Put a reader `parquet` of its own in the process."""
    script = tmp_path / "reader.py"
    script.write_text(
        "import os, signal, sys\n"
        "from batch_classifier.errors import UnreadableFile\n"
        "from batch_classifier.requests.readers import reader_process\n"
        f"def read(file, name, limits):\n    {body}\n    yield\n"
        "reader_process.READERS['parquet'] = lambda: read\n"
        "reader_process.main()\n"
    )
    start = subprocess.Popen

    def instead(command: list[str], **options: object) -> "subprocess.Popen[bytes]":
        return start([command[0], str(script), command[-1]], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(f"{isolated_reading.__name__}.subprocess.Popen", instead)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "asked for more than"),
        ("os.abort()", "asked for more than"),
        ("sys.exit(0)", "its reader failed"),
        ("bytearray(1 << 40)", "MB of memory"),
        ("raise KeyError('my flight')", "KeyError in reader.py"),
        ("raise UnreadableFile('no such thing')", "no such thing"),
        ("print('noise'); os.write(1, b'noise'); raise UnreadableFile('quiet')", "quiet"),
    ],
)
def test_whatever_ends_the_process_ends_one_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, message: str
) -> None:
    _in_the_process(monkeypatch, tmp_path, body)
    with pytest.raises(UnreadableFile) as caught:
        list(read_isolated("parquet", io.BytesIO(b"content"), "a.parquet", DEFAULT_LIMITS))
    assert message in str(caught.value) and "my flight" not in str(caught.value)


def test_a_reader_that_never_ends_is_ended_by_its_computing_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(isolated_reading, "LEAST_SECONDS", 1)
    _in_the_process(monkeypatch, tmp_path, "while True: pass")
    with pytest.raises(
        UnreadableFile, match=r"^'a\.parquet' takes more than 1 second of computing to be read: save what"
    ):
        list(read_isolated("parquet", io.BytesIO(b"content"), "a.parquet", DEFAULT_LIMITS))


def test_a_larger_file_may_take_longer() -> None:
    assert isolated_reading.most_seconds(2_000) == isolated_reading.LEAST_SECONDS
    assert isolated_reading.most_seconds(50 * MEGABYTE) > 10 * isolated_reading.LEAST_SECONDS


def test_the_process_ends_when_nobody_wants_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def keep(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
        started.append(start(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(f"{isolated_reading.__name__}.subprocess.Popen", keep)
    content = parquet("x" * 1_000, 50_000)
    rows = read_rows(io.BytesIO(content), "a.parquet")
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_the_process_gets_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    _in_the_process(monkeypatch, tmp_path, "raise UnreadableFile(str('AWS_SECRET_ACCESS_KEY' in os.environ))")
    with pytest.raises(UnreadableFile, match=r"^False$"):
        list(read_isolated("parquet", io.BytesIO(b"content"), "a.parquet", DEFAULT_LIMITS))


def test_a_real_file_is_read_as_it_lies_and_left_open(tmp_path: Path) -> None:
    path = tmp_path / "M\u00e4rz '1' \udce9.xlsx"
    path.write_bytes(xlsx({"Anrufe": [["text"], ["a"]]}))
    with path.open("rb") as file:
        [rows] = read_rows(file, path.name.encode("utf-8", "backslashreplace").decode())
        assert rows.part == "Anrufe" and not file.closed
        assert os.fstat(file.fileno())


def test_blocks_come_through_the_process_as_they_are() -> None:
    """Also with a column that is called as the process calls its own, and without a sheet's name."""
    cells = pa.RecordBatch.from_arrays([pa.array(["a", None, "c"])], names=["problems"]).slice(1)
    problems = pa.array([None, "is not right"], pa.string())
    for part in (None, "", "Anr\u00e4ufe"):
        block = isolated_reading._block(reader_process._as_stream(Block(part, cells, problems)).to_pybytes())
        assert (block.part, block.cells.to_pylist(), block.problems.to_pylist()) == (
            part,
            [{"problems": None}, {"problems": "c"}],
            [None, "is not right"],
        )
