"""What a cell of a workbook can hold: texts that stay texts, and numbers, dates and booleans with their format.

Excel's limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

import datetime
import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from batch_classifier.results.formulas import is_formula

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

# Excel counts UTF-16 code units.
MAX_CELL_UNITS = 32_767
CUT_MARK = "… [cut]"
# What XML 1.0 cannot hold; a carriage return it would turn into a line feed, which is Excel's own line break in a cell.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What Excel reads as the character of that code (ECMA-376, part 1, 22.9.2.19): the first underscore is written as its own code.
_LIKE_A_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def fitting(text: str) -> tuple[str, bool]:
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


class CellStyles:
    """Makes the cells of a sheet that is written row by row.

    A cell is written before the next is made, so that one for each style is enough. With `is_top` what stands in them begins at the
    top of high rows.
    """

    def __init__(self, sheet: "WriteOnlyWorksheet", is_top: bool = False) -> None:
        self._sheet = sheet
        self._is_top = is_top
        self._cells: dict[tuple[str, bool, bool, str], WriteOnlyCell] = {}

    def text(self, text: str, is_wrapped: bool = False, is_bold: bool = False) -> Any:
        """A cell for a text that fits; None for an empty one.

        What a program would run stays a text also when somebody edits the cell, by Excel's mark for it.
        """
        if not text:
            return None
        is_dangerous = is_formula(text)
        if not (self._is_top or is_dangerous or is_wrapped or is_bold or text.startswith(("#", "="))):
            return text
        cell = self._cell("bold" if is_bold else "text", is_wrapped, is_dangerous, "General")
        cell.value = text
        # Left to itself, openpyxl makes formulas and error values of some texts.
        cell.data_type = "s"
        return cell

    def value(self, value: float | bool | datetime.date | None, number_format: str = "General") -> Any:
        """A cell for a number, a boolean or a date; None where Excel has no such number."""
        if value is None or (isinstance(value, float) and not isfinite(value)):
            return None
        if not self._is_top and number_format == "General" and not isinstance(value, datetime.date):
            return value
        cell = self._cell("value", False, False, number_format)
        cell.value = value
        return cell

    def _cell(self, kind: str, is_wrapped: bool, is_dangerous: bool, number_format: str) -> "WriteOnlyCell":
        key = (kind, is_wrapped, is_dangerous, number_format)
        if key not in self._cells:
            self._cells[key] = self._made(*key)
        return self._cells[key]

    def _made(self, kind: str, is_wrapped: bool, is_dangerous: bool, number_format: str) -> "WriteOnlyCell":
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font

        cell = WriteOnlyCell(self._sheet)
        if kind == "bold":
            cell.font = Font(name="Calibri", size=11, bold=True)
        if is_wrapped or self._is_top:
            cell.alignment = Alignment(wrap_text=is_wrapped, vertical="top")
        if is_dangerous:
            cell.quotePrefix = True
        if number_format != "General":
            cell.number_format = number_format
        return cell


def set_up_page(sheet: "WriteOnlyWorksheet") -> None:
    """Print the sheet lying, as wide as the paper."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
