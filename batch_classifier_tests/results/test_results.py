"""Result files must give back every row and every text, and must not become programs when they are opened."""

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from batch_classifier.errors import ClassifierError
from batch_classifier.results import xlsx_file
from batch_classifier.results.columns import ResultColumns, columns_of
from batch_classifier.results.formats import FORMATS, write_results
from batch_classifier.results.formulas import guarded
from batch_classifier.results.xlsx_file import write_rows
from batch_classifier_tests.support.result_rows import result_rows

TEXT_COLUMNS = ("request_file", "record_id", "input_text", "class", "rationale", "status", "raw_class", "error",
                "expected_class", "original_text", "attributes")  # fmt: skip
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "\ufeff=1",
    "'=1",
    '"=1',
    "＝1",
    "＋1",
    "－1",
    "＠A1",
    "=HYPERLINK(\"http://example.com\",\"x\")",
    "- a list",
    "-",
    "+3 pieces",
    "+1 555 0100",
    "+49(30)555010",
    "+1-555-0100",
    "-1*2",
    "+5+cmd|' /C calc'!A0",
    "\ttext",
    "-1\n",
    "=",
]  # fmt: skip
HARMLESS = ["", "text", "-12.50", "+3", "-1,200.00", "-5%", "-1e5", "12=13", "a-b", "mail@example.com", "007", "#N/A"]
HOSTILE = ['"', 'a "quoted" text', "a,b;c", "two\nlines", "two\r\nlines", "one\rline", "\u2028", "\u0085", "a\x0bb",
           "日本語 🎉", "شكوى", " spaces ", "x" * 40_000, "\ufeff", "null", "NaN", "a;-1;b"]  # fmt: skip


def batch(rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Classifications with these values and null for all others."""
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in TEXT_COLUMNS}
    columns["row_number"] = pa.array(range(len(rows)), pa.int64())
    columns["confidence"] = pa.array([row.get("confidence") for row in rows], pa.float64())
    return pa.RecordBatch.from_pydict(columns)


def written(
    format: str, rows: Sequence[Mapping[str, Any]], own: Sequence[str] = (), filled: Sequence[str] = ()
) -> bytes:
    file = io.BytesIO()
    assert write_results([batch(rows)], ResultColumns(own, filled), file, format) == len(rows)
    return file.getvalue()


@pytest.fixture(autouse=True)
def long_csv_fields() -> Iterator[None]:
    before = csv.field_size_limit(10_000_000)
    yield
    csv.field_size_limit(before)


@pytest.mark.parametrize("format", FORMATS)
def test_columns_and_values(format: str) -> None:
    row = {
        "record_id": "007",
        "input_text": "I want my money back",
        "class": "Refund Issues",
        "rationale": "Asks for money",
        "status": "classified",
        "expected_class": "Other",
        "confidence": 0.75,
        "error": "said twice",
        "attributes": '{"Region":"north","empty":null}',
    }
    header, values = result_rows(format, written(format, [row], ["Region", "empty"], filled=["expected_class"]))
    assert header == ["id", "input_text", "class", "rationale", "status", "expected_class", "Region", "empty",
                      "confidence", "note"]  # fmt: skip
    empty, confidence = ("", "0.75") if format == "csv" else (None, 0.75)
    assert values == ["007", "I want my money back", "Refund Issues", "Asks for money", "classified", "Other", "north",
                      empty, confidence, "said twice"]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["_x0041_", "a_x000D_b", "_x005F_", "_x005F_x0041_", "_x0041_x0041_", "_xyz0_", "__x00e9_"]
)
def test_what_looks_like_a_code_of_excel_for_a_character_stays_text(text: str) -> None:
    """As calamine reads it; openpyxl, unlike Excel, shows how it is written."""
    content = written("xlsx", [{"record_id": "1", "input_text": text, "attributes": json.dumps({text: text})}], [text])
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
        header, row = workbook.get_sheet_by_index(0).to_python()
    assert (row[1], header[5], row[5]) == (text, text, text)


@pytest.mark.parametrize("format", FORMATS)
def test_own_columns_never_hide_ours(format: str) -> None:
    own = ["ID", "Class", "file_class", "note", "Expected_Class", "row_number", ""]
    row = {"record_id": "1", "attributes": json.dumps({name: f"own {name}" for name in own})}
    header, values = result_rows(format, written(format, [row], own))
    assert header[5:-2] == ["file_ID", "file_Class_2", "file_class", "file_note", "file_Expected_Class", "row_number",
                            None if format == "xlsx" else ""]  # fmt: skip
    assert values[5:-2] == [f"own {name}" for name in own]


@pytest.mark.parametrize("format", FORMATS)
def test_no_rows(format: str) -> None:
    content = written(format, [])
    if format == "json":
        assert json.loads(content) == []
    else:
        assert result_rows(format, content) == [
            ["id", "input_text", "class", "rationale", "status", "confidence", "note"]
        ]


@pytest.mark.parametrize("format", FORMATS)
def test_batches_are_read_one_at_a_time(format: str) -> None:
    batches = (batch([{"record_id": f"{number}-{row}"} for row in range(120)]) for number in range(3))
    file = io.BytesIO()
    assert write_results(batches, ResultColumns([]), file, format) == 360
    assert [row[0] for row in result_rows(format, file.getvalue())[1:]] == [
        f"{n}-{row}" for n in range(3) for row in range(120)
    ]


def test_own_columns_come_in_order_of_first_appearance() -> None:
    first = ['{"b":"1"}', None, '{"a":null,"b":"2"}', "{}", '{"b":"1"}']
    batches = [batch([{"attributes": text} for text in texts]) for texts in (first, ['{"c":"1","a":"2"}'])]
    assert columns_of(batches).own == ["b", "a", "c"]
    assert columns_of([]).own == []


def test_expected_classes_have_a_column_only_where_there_are_any() -> None:
    unlabelled: list[dict[str, Any]] = [{"expected_class": None}] * 2
    labelled: list[dict[str, Any]] = [{"expected_class": None}, {"expected_class": "Other"}]
    assert "expected_class" not in columns_of([batch(unlabelled)]).names
    assert columns_of([batch(unlabelled), batch(labelled)]).names[5] == "expected_class"


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(ClassifierError, match='format "ods"; the formats are csv, json, xlsx'):
        write_results([], ResultColumns([]), io.BytesIO(), "ods")


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_cells_are_no_formulas(text: str) -> None:
    row = {"record_id": text, "input_text": text, "attributes": json.dumps({text: text})}
    header, values = result_rows("csv", written("csv", [row, {}], [text]))[:2]
    assert header[5] == values[0] == values[1] == values[5] == guarded(text)
    assert guarded(text).startswith("'") and guarded(text).replace("'", "") == text.replace("'", "")
    assert guarded(text) == "'" + text or text[0] in '\t\r\n"'


def cells_as_split_at(delimiter: str, content: bytes) -> list[str]:
    """What a program makes of a CSV file that it splits at this delimiter, with or without respect for quotes."""
    text = content.decode("utf-8-sig")
    respecting = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]
    return [*respecting, *(cell for line in re.split("[\r\n]", text) for cell in line.split(delimiter))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("formula", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "＝1", "  =1", '"=1', "\u00a0=1", "-1 2"])
@pytest.mark.parametrize("text", ["hello{0}{1}{0}x", "{0}{1}", 'a"{0}"{1}', "a{0}{0}{1}", "a\n{1}", "a\r\n{1}{0}"])
def test_no_part_of_a_csv_cell_is_a_formula(text: str, formula: str, delimiter: str) -> None:
    """Excel splits at the delimiter of the country: there, our quotes in the middle of what it takes for a cell mean nothing."""
    text = text.format(delimiter, formula)
    row = {"record_id": text, "input_text": text, "rationale": text, "attributes": json.dumps({text: text})}
    content = written("csv", [row], [text])
    for cell in cells_as_split_at(delimiter, content):
        assert not re.match('[\\s\u00a0"]*[=+@＝-]', cell), (cell, content)
    values = result_rows("csv", content)[1]
    assert values[0] == values[1] == guarded(text) and values[1].replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    ("text", "as_written"),
    [
        ("hello;=1+1;x", "hello;'=1+1;x"),
        ("hello,=1+1", "hello,'=1+1"),
        ("- a\n- b\r\n- c", "'- a\n'- b\r\n'- c"),
        ('he said "=1"', 'he said "\'=1"'),
        ("=1;=2", "'=1;'=2"),
        ("a;-12.50;+3|-5%\n-1e5", "a;-12.50;+3|-5%\n-1e5"),
        ("a;-12.50 net", "a;'-12.50 net"),
        ("a;-1,5+cmd;b", "a;'-1,5+cmd;b"),
        ("a;-1,5;b -2,x\t-3", "a;-1,5;b -2,x\t-3"),
        ("call: -not today = later : @noon", "call: -not today = later : @noon"),
        ("well-known: a=b, c+d; me@example.com", "well-known: a=b, c+d; me@example.com"),
    ],
)
def test_only_csv_guards_what_is_inside_a_text(text: str, as_written: str) -> None:
    rows: list[dict[str, Any]] = [{"input_text": text}, {"input_text": None}, {"input_text": "as it is; really"}]
    assert [row[1] for row in result_rows("csv", written("csv", rows))[1:]] == [as_written, "", "as it is; really"]
    assert [row[1] for row in result_rows("json", written("json", rows))[1:]] == [text, None, "as it is; really"]
    in_xlsx = result_rows("xlsx", written("xlsx", rows))[1:]
    assert [row[1] for row in in_xlsx] == [text.replace("\r\n", "\n"), None, "as it is; really"]


@pytest.mark.parametrize("line_end", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"])
def test_what_some_programs_take_for_a_line_end_begins_no_formula(line_end: str) -> None:
    [_, values] = result_rows("csv", written("csv", [{"input_text": f"a{line_end}=1+1{line_end}-5{line_end} @x"}]))
    assert values[1] == f"a{line_end}'=1+1{line_end}-5{line_end} '@x"


@pytest.mark.parametrize("filler", ["\n", '"', " ", ", ", ";-1", "\n=-1"])
def test_guarding_a_text_of_delimiters_takes_time_that_grows_with_its_length(filler: str) -> None:
    """Looked at from each of its places anew, the texts would take hours."""
    assert guarded("a;=1" + filler * 300_000 + "x").startswith("a;'=1")


@pytest.mark.parametrize("text", HARMLESS + HOSTILE)
def test_csv_keeps_other_texts(text: str) -> None:
    content = written("csv", [{"record_id": "1", "input_text": text, "attributes": json.dumps({"own": text})}], ["own"])
    values = result_rows("csv", content)[1]
    assert values[1] == values[5] == text
    frame = pandas.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    assert frame["input_text"].tolist() == frame["own"].tolist() == [text]
    assert frame.columns[0] == "id"


def test_csv_leaves_out_nul_before_it_looks_for_formulas() -> None:
    values = result_rows("csv", written("csv", [{"input_text": "\0=1+1\0"}, {"input_text": "a\0b"}]))
    assert [row[1] for row in values[1:]] == ["'=1+1", "ab"]


def test_csv_tells_null_from_an_empty_text() -> None:
    assert written("csv", [{"record_id": "1", "input_text": ""}]).endswith(b'\n"1","",,,,,\n')


@pytest.mark.parametrize("text", [*FORMULAS, *HARMLESS, *HOSTILE, "a\0b"])
def test_json_keeps_every_text(text: str) -> None:
    row = {"input_text": text, "attributes": json.dumps({"own": text})}
    assert json.loads(written("json", [row], ["own"]))[0]["input_text"] == text
    assert json.loads(written("json", [row], ["own"]))[0]["own"] == text


def test_json_has_a_line_for_each_row() -> None:
    lines = written("json", [{"record_id": str(number)} for number in range(130)]).split(b"\n")
    assert len(lines) == 130 + 3
    assert json.loads(lines[1].rstrip(b","))["confidence"] is None


def test_xlsx_cells_are_texts_and_no_formulas() -> None:
    rows = [{"record_id": text, "input_text": text} for text in [*FORMULAS, *HARMLESS]]
    content = written("xlsx", rows, ["=1+1"])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="e"' not in sheet
    cells = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2))
    for row, text in zip(cells, [*FORMULAS, *HARMLESS], strict=True):
        assert row[1].value == (text.replace("\r", "\n") or None)
        assert row[1].data_type == ("s" if text else "n"), text
        assert bool(row[1].quotePrefix) == (text in FORMULAS)
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    assert workbook.active["F1"].value == "=1+1"
    assert workbook.active["F1"].data_type == "s"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a\0b\x1fc", "a\ufffdb\ufffdc"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("two\r\nlines\rmore\n", "two\nlines\nmore\n"),
        ("日本語 🎉 \u2028 شكوى", "日本語 🎉 \u2028 شكوى"),
        (" spaces ", " spaces "),
        ("x" * 32_767, "x" * 32_767),
        ("x" * 32_768, "x" * 32_760 + "… [cut]"),
        ("🎉" * 16_383, "🎉" * 16_383),
        ("🎉" * 16_384, "🎉" * 16_380 + "… [cut]"),
        ("=" * 40_000, "=" * 32_760 + "… [cut]"),
    ],
)
def test_xlsx_cells_hold_what_excel_can_hold(text: str, cell: str) -> None:
    values = result_rows("xlsx", written("xlsx", [{"input_text": text, "rationale": "why"}]))[1]
    assert values[1] == cell
    was_cut = cell.endswith("[cut]")
    assert values[-1] == ("input_text was cut at 32,767 characters." if was_cut else None)


def test_xlsx_notes_keep_the_error_beside_the_cut() -> None:
    row = {"input_text": "x" * 40_000, "rationale": "y" * 40_000, "error": "It failed."}
    note = result_rows("xlsx", written("xlsx", [row]))[1][-1]
    assert note == "It failed. input_text, rationale were cut at 32,767 characters."


def test_xlsx_goes_on_in_further_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MAX_DATA_ROWS", 2)
    content = written("xlsx", [{"record_id": f"00{number}"} for number in range(5)])
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    assert workbook.sheetnames == ["Results", "Results 2", "Results 3"]
    assert [[cell.value for cell in sheet["A"]] for sheet in workbook] == [
        ["id", "000", "001"],
        ["id", "002", "003"],
        ["id", "004"],
    ]
    assert all(sheet.freeze_panes == "A2" and sheet["A1"].font.bold for sheet in workbook)


def test_a_sheet_stays_below_what_programs_can_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 2 GiB before it is packed LibreOffice opens nothing; what is counted is never less than what is written."""
    texts = ["plain " * 50, "<b>&amp;</b> & so on " * 20, "予約の変更 👩 " * 30, ""]
    rows = [{"record_id": str(number), "input_text": texts[number % 4], "confidence": 0.5} for number in range(40)]
    monkeypatch.setattr(xlsx_file, "MAX_SHEET_BYTES", 12_000)
    content = written("xlsx", rows, ["amount"])
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        sizes = [one.file_size for one in package.infolist() if one.filename.startswith("xl/worksheets/sheet")]
    # What is not of the rows: the header, the columns' widths, the page.
    assert len(sizes) > 2 and all(size < 12_000 + 3_000 for size in sizes)
    workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    ids = [row[0] for sheet in workbook for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert ids == [str(number) for number in range(40)]


def test_a_killed_process_leaves_no_texts_in_a_file_of_openpyxls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What waits to be packed is in a folder that the next process clears away, and is gone with the workbook."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[str] = []

    def rows() -> Iterator[list[str]]:
        for number in range(3):
            yield [str(number)]
            seen.extend(path.name for path in tmp_path.rglob("*") if path.is_file())

    write_rows(rows(), ["id"], io.BytesIO())
    assert set(seen) == {"sheet1.xml"}, "openpyxl has other private parts: see results/xlsx_temporary.py"
    assert not list(tmp_path.iterdir())


def test_xlsx_with_exactly_one_full_sheet_has_no_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MAX_DATA_ROWS", 2)
    assert len(openpyxl.load_workbook(io.BytesIO(written("xlsx", [{}, {}]))).sheetnames) == 1


def test_xlsx_says_when_there_are_too_many_columns() -> None:
    with pytest.raises(ClassifierError, match="An Excel sheet holds 16,384 columns"):
        written("xlsx", [{}], [str(number) for number in range(16_384)])


def test_own_values_that_are_no_texts() -> None:
    row = {"attributes": '{"a":1.5,"b":true,"c":{"d":[1]}}', "confidence": float("nan")}
    assert result_rows("xlsx", written("xlsx", [row], ["a", "b", "c"]))[1][5:] == [
        "1.5",
        "true",
        '{"d":[1]}',
        None,
        None,
    ]
    assert result_rows("csv", written("csv", [row], ["a", "b", "c"]))[1][5:8] == ["1.5", "true", '{"d":[1]}']
    assert json.loads(written("json", [row], ["a", "b", "c"]))[0]["c"] == {"d": [1]}
