"""Results as an Excel workbook, written row by row: a sheet `Summary`, and `Results` as a table that can be filtered and reviewed.

Excel's limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.requests.readers.own_workbook import RESULTS_SHEET
from batch_classifier.results.columns import NOTE, ResultColumns
from batch_classifier.results.formulas import is_formula
from batch_classifier.results.result_figures import ResultFigures
from batch_classifier.results.xlsx_cells import MAX_CELL_UNITS, CellStyles, fitting, set_up_page
from batch_classifier.results.xlsx_summary import add_summary
from batch_classifier.results.xlsx_temporary import wait_in
from batch_classifier.storage.unfinished import temporary_folder

if TYPE_CHECKING:
    import pyarrow as pa
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MAX_DATA_ROWS = 1_048_575
MAX_COLUMNS = 16_384
# Of a sheet before it is packed. From 2 GiB on its size stands in the file in a form (zip64) with which LibreOffice opens nothing and
# Excel offers a repair (https://xlsxwriter.readthedocs.io/workbook.html, use_zip64).
MAX_SHEET_BYTES = 2_000_000_000
_BYTES_A_ROW = _BYTES_A_CELL = 90
_LONGEST_TABLE_NAME = 255
# A row shows at most so many lines of its texts, so that one long text does not fill the screen; the cell has all of it.
_MOST_LINES = 8
_POINTS_A_LINE = 15
_OWN_WIDTH = 20
# Width, in characters, by our own names; texts of these columns are wrapped.
_WIDTHS = {
    "id": 14,
    "input_text": 70,
    "class": 28,
    "model_class": 28,
    "rationale": 60,
    "status": 13,
    "confidence": 11,
    "doubt": 11,
    NOTE: 40,
    "original_text": 70,
}
_WRAPPED = ("input_text", "rationale", NOTE, "original_text")


@dataclass(frozen=True)
class SheetColumn:
    """A column of a sheet.

    Attributes:
        header: what stands above it.
        name: our own name for it; None for a column of the request file.
        number_format: Excel's format of the values that are no texts.
    """

    header: str
    name: str | None = None
    number_format: str = "General"

    @property
    def width(self) -> int:
        """Its width in characters."""
        return _WIDTHS.get(self.name or "", _OWN_WIDTH)

    @property
    def is_wrapped(self) -> bool:
        """Whether long texts go on in a further line."""
        return self.name in _WRAPPED


def write_xlsx(
    rows: "Iterable[pa.RecordBatch]", columns: ResultColumns, file: BinaryIO, figures: ResultFigures | None = None
) -> int:
    """Write the rows and return their number; see `write_results` in `results/formats.py`.

    The file's own columns have their own names, and numbers, dates and booleans where `cell_kinds` says so; all other texts are
    text cells. Control characters become U+FFFD; what looks like Excel's code for a character (`_x0041_`) stays text; a text too
    long for a cell is cut, and the note says so. Rows beyond a sheet's limits go on in a further sheet, with the header again.

    Raises:
        ClassifierError: more columns than a sheet holds.
    """
    values = (row for batch in rows for row in zip(*columns.workbook_lists(batch), strict=True))
    formats = {place: kind.number_format for place, kind in columns.kinds.items()}
    sheet_columns = [
        SheetColumn(header, name if name in columns.ours else None, formats.get(place, "General"))
        for place, (header, name) in enumerate(zip(columns.names_as_given, columns.names, strict=True))
    ]
    return write_workbook(values, sheet_columns, file, figures)


def write_rows(rows: Iterable[Sequence[Any]], names: Sequence[str], file: BinaryIO) -> int:
    """Write a header and rows of values (texts, numbers or None) as a workbook without a summary, and return the number of rows.

    Raises:
        ClassifierError: more columns than a sheet holds.
    """
    return write_workbook(rows, [SheetColumn(name, name) for name in names], file, None)


def write_workbook(
    rows: Iterable[Sequence[Any]], columns: Sequence[SheetColumn], file: BinaryIO, figures: ResultFigures | None
) -> int:
    """Write rows of values under their columns, behind the summary that `figures` make, and return their number.

    Raises:
        ClassifierError: more columns than a sheet holds.
    """
    from openpyxl import Workbook

    if len(columns) > MAX_COLUMNS:
        raise ClassifierError(
            f"An Excel sheet holds {MAX_COLUMNS:,} columns, but the results have {len(columns):,}; "
            "choose csv or json instead."
        )
    workbook = Workbook(write_only=True)
    choices = None if figures is None else add_summary(workbook, figures)
    with temporary_folder() as folder:
        sheet = _Results(workbook, columns, choices, folder)
        written = 0
        for row in rows:
            if not sheet.has_room(row):
                sheet.finish()
                sheet = _Results(workbook, columns, choices, folder, sheet.number + 1)
            sheet.append(row)
            written += 1
        sheet.finish()
        workbook.save(file)
    return written


@dataclass
class _Results:
    """A sheet of results; `choices` is the range of the classes that may be chosen, and it waits in `folder`."""

    workbook: "Workbook"
    columns: Sequence[SheetColumn]
    choices: str | None
    folder: Path
    number: int = 1
    rows: int = 0
    bytes: int = 0
    _sheet: "WriteOnlyWorksheet" = field(init=False)
    _styles: CellStyles = field(init=False)

    def __post_init__(self) -> None:
        from openpyxl.utils import get_column_letter

        title = RESULTS_SHEET if self.number == 1 else f"{RESULTS_SHEET} {self.number}"
        self._sheet = self.workbook.create_sheet(title)
        self._styles = CellStyles(self._sheet, is_top=True)
        self._sheet.freeze_panes = "A2"
        self._sheet.print_title_rows = "1:1"
        set_up_page(self._sheet)
        for place, column in enumerate(self.columns, 1):
            self._sheet.column_dimensions[get_column_letter(place)].width = column.width
        wait_in(self.folder, self._sheet)
        headers = [fitting(column.header)[0] for column in self.columns]
        self._sheet.append(self._styles.text(header, is_bold=True) for header in headers)

    def has_room(self, row: Sequence[Any]) -> bool:
        return self.rows < MAX_DATA_ROWS and (not self.rows or self.bytes + written_bytes(row) <= MAX_SHEET_BYTES)

    def append(self, row: Sequence[Any]) -> None:
        self.rows += 1
        self.bytes += written_bytes(row)
        self._set_height(row)
        self._sheet.append(self._cells(row))
        self._sheet.row_dimensions.pop(self.rows + 1, None)

    def finish(self) -> None:
        """Make a table of the rows; the sheet's file is closed, so that it waits on the disk while the next one is written."""
        from openpyxl.utils import get_column_letter
        from openpyxl.worksheet.filters import AutoFilter
        from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo

        area = f"A1:{get_column_letter(len(self.columns))}{self.rows + 1}"
        headers = [column.header for column in self.columns]
        if self.rows and _may_head_a_table(headers):
            name = RESULTS_SHEET if self.number == 1 else f"{RESULTS_SHEET}_{self.number}"
            style = TableStyleInfo("TableStyleLight1", showRowStripes=True)
            table = Table(displayName=name, ref=area, tableStyleInfo=style, autoFilter=AutoFilter(ref=area))
            # A sheet that is written row by row cannot be asked for its header.
            table.tableColumns = [TableColumn(id=place, name=header) for place, header in enumerate(headers, 1)]
            self._sheet.tables.add(table)
        elif self.columns:
            self._sheet.auto_filter.ref = area
        self._offer_choices()
        self._sheet.close()

    def _offer_choices(self) -> None:
        from openpyxl.utils import get_column_letter
        from openpyxl.worksheet.datavalidation import DataValidation

        place = next((place for place, column in enumerate(self.columns, 1) if column.name == "class"), None)
        if self.choices is None or place is None or not self.rows:
            return
        choice = DataValidation(
            type="list",
            formula1=self.choices,
            allow_blank=True,
            showErrorMessage=True,
            errorTitle="Not a category",
            error="Choose one of the list.",
        )
        letter = get_column_letter(place)
        choice.add(f"{letter}2:{letter}{self.rows + 1}")
        self._sheet.data_validations.append(choice)

    def _set_height(self, row: Sequence[Any]) -> None:
        from openpyxl.worksheet.dimensions import RowDimension

        lines = 1
        for column, value in zip(self.columns, row, strict=True):
            if column.is_wrapped and isinstance(value, str):
                lines = max(lines, -(-len(value) // column.width), value.count("\n", 0, column.width * _MOST_LINES) + 1)
        if lines > 1:
            height = min(lines, _MOST_LINES) * _POINTS_A_LINE
            self._sheet.row_dimensions[self.rows + 1] = RowDimension(self._sheet, self.rows + 1, ht=height)

    def _cells(self, row: Sequence[Any]) -> Iterator[Any]:
        """The cells one after another; each is written before the next is made. The note says what was cut."""
        fitted = [fitting(value) if isinstance(value, str) else (value, False) for value in row]
        cut = [
            column.header
            for column, (_, is_cut) in zip(self.columns, fitted, strict=True)
            if is_cut and column.name != NOTE
        ]
        for column, (value, _) in zip(self.columns, fitted, strict=True):
            if column.name == NOTE and cut:
                yield self._styles.text(_note(value, cut), is_wrapped=True)
            elif isinstance(value, str):
                yield self._styles.text(value, column.is_wrapped)
            else:
                yield self._styles.value(value, column.number_format)


def written_bytes(row: Sequence[Any]) -> int:
    """The bytes that a row of values takes in a sheet before it is packed, or some more."""
    texts = [value for value in row if isinstance(value, str)]
    escapes = sum(4 * text.count("&") + 3 * (text.count("<") + text.count(">")) for text in texts)
    return (
        _BYTES_A_ROW + sum(len(text.encode("utf-8", "replace")) for text in texts) + escapes + _BYTES_A_CELL * len(row)
    )


def _note(value: str | None, cut: Sequence[str]) -> str:
    more = f"{', '.join(cut)} {'was' if len(cut) == 1 else 'were'} cut at {MAX_CELL_UNITS:,} characters."
    return fitting(f"{value} {more}" if value else more)[0]


def _may_head_a_table(headers: Sequence[str]) -> bool:
    """Whether Excel takes these as the names of a table's columns: all there, different in any case, of one line, no codes."""
    return len({header.casefold() for header in headers}) == len(headers) and all(
        header.strip() == header
        and header.isprintable()
        and 0 < len(header) <= _LONGEST_TABLE_NAME
        and not is_formula(header)
        and "_x" not in header
        for header in headers
    )
