"""Results as an Excel workbook, written row by row.

Excel's limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

import re
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.results.columns import NOTE, ResultColumns
from batch_classifier.results.formulas import is_formula

if TYPE_CHECKING:
    import pyarrow as pa
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MAX_DATA_ROWS = 1_048_575
MAX_COLUMNS = 16_384
# Excel counts UTF-16 code units.
MAX_CELL_UNITS = 32_767
CUT_MARK = "… [cut]"
# What XML 1.0 cannot hold; a carriage return it would turn into a line feed, which is Excel's own line break in a cell.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What Excel reads as the character of that code (ECMA-376, part 1, 22.9.2.19): the first underscore is written as its own code.
_LIKE_A_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_WIDTHS = {
    "id": 14,
    "input_text": 70,
    "class": 28,
    "model_class": 28,
    "rationale": 60,
    "status": 13,
    "confidence": 11,
    "note": 40,
}
_OWN_WIDTH = 20


def write_xlsx(rows: "Iterable[pa.RecordBatch]", columns: ResultColumns, file: BinaryIO) -> int:
    """Write the rows and return their number; see `write_results` in `results/formats.py`.

    All texts are text cells. Control characters become U+FFFD; what looks like Excel's code for a character (`_x0041_`) stays text; a text too long for a cell is cut, and the note says so.
    Rows beyond a sheet's limit go on in a further sheet, with the header again.

    Raises:
        ClassifierError: more columns than a sheet holds.
    """
    rows_of_cells = (row for batch in rows for row in zip(*columns.lists(batch, own_as_text=True), strict=True))
    return write_rows(rows_of_cells, columns.names, file)


def write_rows(rows: Iterable[Sequence[Any]], names: Sequence[str], file: BinaryIO) -> int:
    """Write a header and rows of values (texts, numbers or None) as a workbook, and return the number of rows.

    Raises:
        ClassifierError: more columns than a sheet holds.
    """
    from openpyxl import Workbook

    if len(names) > MAX_COLUMNS:
        raise ClassifierError(
            f"An Excel sheet holds {MAX_COLUMNS:,} columns, but the results have {len(names):,}; "
            "choose csv or json instead."
        )
    workbook = Workbook(write_only=True)
    sheet = _add_sheet(workbook, names)
    written = rows_in_sheet = 0
    for row in rows:
        if rows_in_sheet == MAX_DATA_ROWS:
            sheet = _add_sheet(workbook, names)
            rows_in_sheet = 0
        sheet.append(_cells(sheet, names, row))
        rows_in_sheet += 1
        written += 1
    workbook.save(file)
    return written


def _add_sheet(workbook: "Workbook", names: Sequence[str]) -> "WriteOnlyWorksheet":
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    number = len(workbook.worksheets) + 1
    if number > 1:
        # A finished sheet's file is closed now: the next one is written while it waits on disk.
        workbook.worksheets[-1].close()
    sheet = workbook.create_sheet("Results" if number == 1 else f"Results {number}")
    sheet.freeze_panes = "A2"
    for place, name in enumerate(names, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(name, _OWN_WIDTH)
    header = []
    for name in names:
        cell = WriteOnlyCell(sheet)
        cell.value = _fitting(name)[0]
        cell.data_type = "s"
        cell.quotePrefix = is_formula(cell.value)
        cell.font = Font(bold=True)
        header.append(cell)
    sheet.append(header)
    return sheet


def _cells(sheet: "WriteOnlyWorksheet", names: Sequence[str], row: Sequence[Any]) -> list[Any]:
    cells: list[Any] = []
    cut: list[str] = []
    for name, value in zip(names, row, strict=True):
        if isinstance(value, str):
            text, is_cut = _fitting(value)
            cells.append(_text_cell(sheet, text))
            if is_cut and name != NOTE:
                cut.append(name)
        else:
            cells.append(value if value is not None and isfinite(value) else None)
    if cut:
        place = names.index(NOTE)
        said = f"{', '.join(cut)} {'was' if len(cut) == 1 else 'were'} cut at {MAX_CELL_UNITS:,} characters."
        note = f"{row[place]} {said}" if row[place] else said
        cells[place] = _text_cell(sheet, _fitting(note)[0])
    return cells


def _text_cell(sheet: "WriteOnlyWorksheet", text: str) -> Any:
    """The text, or, where openpyxl would make a formula or an error value of it, a cell that says it is text."""
    if not text:
        return None
    is_dangerous = is_formula(text)
    if not is_dangerous and not text.startswith("#"):
        return text
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = text
    cell.data_type = "s"
    if is_dangerous:
        # Without it, Excel makes a formula of the text as soon as somebody edits the cell.
        cell.quotePrefix = True
    return cell


def _fitting(text: str) -> tuple[str, bool]:
    """The text as a cell can hold it, and whether it had to be cut."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _NOT_IN_XML.sub("\ufffd", text)
    if "_x" in text:
        text = _LIKE_A_CODE.sub("_x005F_", text)
    if len(text) * 2 <= MAX_CELL_UNITS:
        return text, False
    units = text.encode("utf-16-le")
    if len(units) <= MAX_CELL_UNITS * 2:
        return text, False
    room = (MAX_CELL_UNITS - len(CUT_MARK)) * 2
    return units[:room].decode("utf-16-le", "ignore") + CUT_MARK, True
