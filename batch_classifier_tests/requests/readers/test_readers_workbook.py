"""Workbooks, old and new: all sheets, cells of every type, and files that only look like workbooks."""

import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import xlwt

from batch_classifier.requests.readers import formats, reader_process, workbook_pieces
from batch_classifier.requests.readers.formats import read_rows
from batch_classifier_tests.requests.readers.reading import Row, read, read_blocks, refusal
from batch_classifier_tests.requests.readers.workbooks import Sheets, with_cells, xlsx

STRICT = "http://purl.oclc.org/ooxml/"


def xls(sheets: Sheets) -> bytes:
    workbook = xlwt.Workbook()
    for title, rows in sheets.items():
        sheet = workbook.add_sheet(title)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def only_cells(rows: list[Row]) -> list[dict[str, str | None]]:
    assert not any(problem for _, problem in rows)
    return [cells for cells, _ in rows]


@pytest.fixture(autouse=True, params=["in memory", "in pieces"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small and large XLSX workbooks are read to the same rows; the latter in this process, where the sizes can be changed."""
    if request.param == "in pieces":
        monkeypatch.setattr(
            formats,
            "read_isolated",
            lambda reader, file, name, limits: reader_process.READERS[reader]()(file, name, limits),
        )
        monkeypatch.setattr(workbook_pieces, "MOST_BYTES_IN_MEMORY", 0)
        monkeypatch.setattr(workbook_pieces, "PIECE_BYTES", 200)
        monkeypatch.setattr(workbook_pieces, "_READ_BYTES", 1_000)


@pytest.mark.parametrize(("name", "write"), [("a.xlsx", xlsx), ("a.xls", xls), ("a.xlsm", xlsx)])
def test_all_sheets_are_read_and_numbered_through(name: str, write: Callable[[Sheets], bytes]) -> None:
    content = write(
        {
            "North": [["id", " text "], [1, "a"], [2.5, "b"]],
            "Empty": [],
            "Header only": [["id", "text"]],
            "South": [["text", "note", "id"], ["c", "", 3]],
        }
    )
    blocks = read_blocks(content, name)
    assert [(block.part, block.row_numbers.to_pylist(), block.cells.to_pylist()) for block in blocks] == [
        ("North", [1, 2], [{"id": "1", "text": "a"}, {"id": "2.5", "text": "b"}]),
        ("South", [3], [{"text": "c", "note": None, "id": "3"}]),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        (3.5, "3.5"),
        (1234567890123456, "1234567890123456"),
        (10**22, "1" + "0" * 22),
        (0.00001, "0.00001"),
        (True, "true"),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, 10, 0), "2026-01-05T10:00:00"),  # noqa: DTZ001 (cells have no zone)
        (datetime(2026, 1, 5), "2026-01-05"),  # noqa: DTZ001
        (time(9, 30), "09:30:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        ("007", "007"),
        ("two\nlines", "two\nlines"),
        ("#N/A", None),
        ("#DIV/0!", None),
        (None, None),
    ],
)
def test_cells_become_text(value: object, text: str | None) -> None:
    content = xlsx({"Calls": [["id", "value"], ["k", value]]})
    assert only_cells(read(content, "a.xlsx")) == [{"id": "k", "value": text}]


def test_the_table_may_start_anywhere_and_have_blank_rows() -> None:
    rows: list[list[object]] = [[], [], [None, None, "id", "text"], [], [None, None, 1, "a"], [None, None, " "]]
    assert only_cells(read(xlsx({"Calls": [*rows, [None, None, 2, "b"]]}), "a.xlsx")) == [
        {"id": "1", "text": "a"},
        {"id": "2", "text": "b"},
    ]


def test_of_merged_cells_the_first_has_the_value() -> None:
    content = xlsx({"Calls": [["id", "text"], [1, "a"], [2, "b"]]}, lambda sheet: sheet.merge_cells("B2:B3"))
    assert only_cells(read(content, "a.xlsx")) == [{"id": "1", "text": "a"}, {"id": "2", "text": None}]


def test_header_names_that_are_missing_twice_or_numbers() -> None:
    content = xlsx({"Calls": [["text", None, "text", 2026], ["a", "b", "c", "d"]]})
    assert only_cells(read(content, "a.xlsx")) == [{"text": "a", "column_2": "b", "text_2": "c", "2026": "d"}]


def test_long_sheets_come_in_blocks() -> None:
    blocks = read_blocks(xlsx({"Calls": [["id", "text"], *([row, "x" * 30_000] for row in range(300))]}), "a.xlsx")
    assert sum(block.cells.num_rows for block in blocks) == 300
    assert max(block.cells.nbytes for block in blocks) < 4_000_000


def test_a_workbook_without_data_rows_is_refused() -> None:
    assert "no data rows" in refusal(xlsx({"Calls": [["id", "text"]], "Other": []}), "a.xlsx")


def test_a_cell_in_the_last_corner_is_refused_instead_of_filling_the_memory() -> None:
    content = xlsx({"Calls": [["id"], [1]]}, lambda sheet: sheet.cell(1_000_000, 10_000, "stray") and None)
    assert "reaches from A1 to NTP1000000" in refusal(content, "a.xlsx")


OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,text\n1,a\n", "perhaps CSV"),
        (b"<html><table><tr><td>id</td></tr></table></html>", "web page"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PK\x03\x04 and nothing more", "cannot be read as a workbook"),
        (xlsx({"Calls": [["id"], [1]]})[:-300], "cannot be read as a workbook"),
        (OLD_OFFICE + bytes(600), "cannot be read as a workbook"),
        (OLD_OFFICE + bytes(1_048_563) + "EncryptedPackage".encode("utf-16-le"), "password"),
    ],
    ids=["csv", "html", "pdf", "zip", "cut off", "broken xls", "encrypted"],
)
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
def test_what_is_no_workbook_is_refused(name: str, content: bytes, message: str) -> None:
    assert message in refusal(content, name)


def test_a_damaged_sheet_is_refused() -> None:
    content = bytearray(xlsx({"Calls": [["id", "text"], *([row, f"text {row}"] for row in range(2_000))]}))
    content[2_000:6_000] = bytes(4_000)
    refusal(bytes(content), "a.xlsx")


def test_a_workbook_under_the_other_suffix_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calls.xls"
    path.write_bytes(xlsx({"Calls": [["id"], [1]]}))
    with path.open("rb") as file:
        assert [block.cells.to_pylist() for block in read_rows(file, path.name)] == [[{"id": "1"}]]


@pytest.mark.parametrize("size", [600, 9_000, 16_400, 17_500])
def test_an_old_workbook_that_is_cut_off_is_refused(size: int) -> None:
    content = xls({"Calls": [["id", "text"], *([row, f"text {row}"] for row in range(200))]})
    refusal(content[:size], "a.xls")


@pytest.mark.parametrize(
    ("cell", "shared", "text"),
    [
        ('<c r="B2" t="s"><v>0</v></c>', "<si><t>plain</t></si>", "plain"),
        (
            '<c r="B2" t="s"><v>0</v></c>',
            "<si><r><t xml:space='preserve'>rich </t></r><r><rPr><b/></rPr><t>text</t></r></si>",
            "rich text",
        ),
        ('<c r="B2" t="s"><v>0</v></c>', "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>", "東京"),
        ('<c r="B2" t="s"><v>0</v></c>', '<si><t xml:space="preserve"> a\n b </t></si>', " a\n b "),
        (
            '<c r="B2" t="inlineStr"><is><r><t xml:space="preserve">in </t></r><r><t>line</t></r></is></c>',
            "",
            "in line",
        ),
        ('<c r="B2" t="str"><f>A1&amp;"x"</f><v>idx</v></c>', "", "idx"),
        ('<c r="B2"><f>1+1</f><v>2</v></c>', "", "2"),
        ('<c r="B2" t="b"><v>0</v></c>', "", "false"),
        ('<c r="B2" t="e"><v>#REF!</v></c>', "", None),
        ('<c r="B2"><v>1E+3</v></c>', "", "1000"),
        ('<c r="B2"/>', "", None),
    ],
)
@pytest.mark.parametrize("dimension", ["A1:B2", "A1"])
def test_cells_as_other_programs_write_them(cell: str, shared: str, text: str | None, dimension: str) -> None:
    content = with_cells(f'<c r="A2"><v>1</v></c>{cell}', shared, dimension)
    assert only_cells(read(content, "a.xlsx")) == [{"id": "1", "text": text}]


def test_a_row_that_is_longer_than_the_header_loses_nothing() -> None:
    content = xlsx({"Calls": [["text", "column_3"], ["a"], ["b", "c", "d", None, "e"], ["f"]]})
    rows = only_cells(read(content, "a.xlsx"))
    assert rows[1] == {"text": "b", "column_3": "c", "column_3_2": "d", "column_5": "e"}
    assert [row["text"] for row in rows] == ["a", "b", "f"]


def test_a_shared_string_that_is_not_there_is_a_damage() -> None:
    assert "cannot be read as a workbook" in refusal(with_cells('<c r="B2" t="s"><v>7</v></c>'), "a.xlsx")


def test_a_strict_workbook_and_one_with_a_prefix_are_read_in_either_way() -> None:
    numbers: list[list[object]] = [[row] for row in range(300)]
    plain = xlsx({"First": [["id"], *numbers], "Second": [["id"], [301]]})
    strict, prefixed = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source:
        with zipfile.ZipFile(strict, "w") as target:
            for member in source.namelist():
                text = source.read(member).decode()
                text = text.replace(
                    "http://schemas.openxmlformats.org/spreadsheetml/2006/main", STRICT + "spreadsheetml/main"
                )
                relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
                target.writestr(member, text.replace(relationships, STRICT + "officeDocument/relationships"))
        with zipfile.ZipFile(prefixed, "w") as target:
            for member in source.namelist():
                text = source.read(member).decode()
                if "worksheets" in member:
                    text = re.sub(r"<(/?)(\w)", r"<\1x:\2", text).replace("xmlns=", "xmlns:x=")
                target.writestr(member, text)
    for content in (plain, strict.getvalue(), prefixed.getvalue()):
        assert [cells["id"] for cells in only_cells(read(content, "a.xlsx"))] == [*map(str, range(300)), "301"]


def open_document(content: bytes) -> bytes:
    """A workbook of OpenOffice with this content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", content)
    return file.getvalue()


OASIS = "urn:oasis:names:tc:opendocument:xmlns"
MANIFEST = (
    f'<m:manifest xmlns:m="{OASIS}:manifest:1.0"><m:file-entry m:full-path="/" '
    'm:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>'
)
OPEN_DOCUMENT = (
    f'<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="Calls">'
    + "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell></table:table-row>'
        for text in ("text", "a", "b")
    )
    + "</table:table></office:spreadsheet></office:body></office:document-content>"
).encode()


def test_a_table_of_openoffice_that_does_not_end_is_refused() -> None:
    """Calamine looks for the end of such a table for ever."""
    assert read(open_document(OPEN_DOCUMENT), "a.ods") == [({"text": "a"}, None), ({"text": "b"}, None)]
    for end in (b"</table:table>", b"</office:spreadsheet>", b"</table:table-row>"):
        at = OPEN_DOCUMENT.rindex(end)
        assert "ExpatError" in refusal(open_document(OPEN_DOCUMENT[:at]), "a.ods")
        assert "ExpatError" in refusal(open_document(OPEN_DOCUMENT[:at] + OPEN_DOCUMENT[at + len(end) :]), "a.ods")


def test_an_archive_that_points_before_its_start_is_refused() -> None:
    content = bytearray(xlsx({"Calls": [["text"], ["a"]]}))
    directory = content.rindex(b"PK\x05\x06")
    # The place of the list of members, as the end of the archive tells it: later than it is, so that all places shift to before.
    struct.pack_into("<I", content, directory + 16, struct.unpack_from("<I", content, directory + 16)[0] + 5_000)
    assert "cannot be read as a workbook" in refusal(bytes(content), "a.xlsx")
