"""Large XLSX workbooks, row by row with openpyxl: five times as slow as calamine, in a tenth of the memory.

What a workbook keeps as shared strings is in memory all the same, once, for any row may refer to any of them.
"""

import warnings
from collections.abc import Iterator
from datetime import datetime, time
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError

if TYPE_CHECKING:
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

# What openpyxl raises on damaged files.
DAMAGES = (BadZipFile, ZlibError, ParseError, EOFError, KeyError, ValueError, TypeError, IndexError, AttributeError)


def sheets(file: BinaryIO) -> Iterator[tuple[str, Iterator[list[object]]]]:
    """Name and rows of each worksheet; None for an empty cell and for one with an error. Rows may differ in length.

    Raises: one of `DAMAGES` when the file is damaged, perhaps in the middle of a sheet.
    """
    import openpyxl

    with warnings.catch_warnings():
        # openpyxl warns of what it leaves out: styles, validations, drawings.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in workbook.worksheets:
                # The size that a sheet gives for itself may be wrong, and nothing beyond it would be read.
                sheet.reset_dimensions()
                yield sheet.title, ([_value(cell) for cell in row] for row in sheet.iter_rows())
        finally:
            workbook.close()


def _value(cell: "ReadOnlyCell | EmptyCell") -> object:
    value = cell.value
    if cell.data_type == "e":
        return None
    # A cell with a date has no time of day in it; to openpyxl it is midnight.
    return value.date() if isinstance(value, datetime) and value.time() == time() else value
