"""Workbooks for the tests: as openpyxl writes them, and as other programs do."""

import io
import zipfile
from collections.abc import Callable

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

Sheets = dict[str, list[list[object]]]


def xlsx(sheets: Sheets, change: Callable[[Worksheet], None] | None = None) -> bytes:
    """A workbook with these sheets; `change` has a last look at each."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if change:
            change(sheet)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def with_cells(cells: str, shared: str = "", dimension: str = "A1:B2") -> bytes:
    """A workbook as other programs write it: one sheet with the columns id and text, and one row of these cells."""
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    head = '<c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>text</t></is></c>'
    sheet = (
        f'<worksheet {namespace}><dimension ref="{dimension}"/><sheetData><row r="1">{head}</row>'
        f'<row r="2">{cells}</row></sheetData></worksheet>'
    )
    return with_sheet(sheet, f"<sst {namespace}>{shared}</sst>")


def with_sheet(sheet: str, shared_strings: str) -> bytes:
    """A workbook of one sheet with this XML, and these shared strings."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    added = {
        "[Content_Types].xml": ("</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/>'),
        "xl/_rels/workbook.xml.rels": (
            "</Relationships>",
            f'<Relationship Id="rShared" Type="{relation}" Target="sharedStrings.xml"/>',
        ),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx({"Calls": [[1]]}))) as source, zipfile.ZipFile(content, "w") as target:
        assert "xl/sharedStrings.xml" not in source.namelist()
        for member in source.namelist():
            end, more = added.get(member, ("", ""))
            text = source.read(member).decode().replace(end, more + end) if end else source.read(member)
            target.writestr(member, sheet if member == "xl/worksheets/sheet1.xml" else text)
        target.writestr("xl/sharedStrings.xml", shared_strings)
    return content.getvalue()
