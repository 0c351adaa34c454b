"""A workbook of results written anew without some of its rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from batch_classifier.requests.readers.own_workbook import SUMMARY_MARK, may_be_results
from batch_classifier.results.result_figures import ResultFigures
from batch_classifier.results.xlsx_file import SheetColumn, write_workbook
from batch_classifier.results.xlsx_summary import about_in, classes_in

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

# Whatever a request file calls them, these come first.
_FIRST = ("id", "input_text", "class")
_Row = Sequence[Any]


class OwnWorkbook:
    """A workbook as `xlsx_file` writes it, opened to read row by row."""

    def __init__(self, workbook: "Workbook") -> None:
        sheets = list(workbook.worksheets)
        summary = list(sheets[0].iter_rows(values_only=True)) if may_be_results(workbook.sheetnames) else []
        has_summary = bool(summary) and summary[0][:1] == (SUMMARY_MARK,)
        self._sheets: list[ReadOnlyWorksheet] = sheets[1:] if has_summary else sheets
        self._about = list(about_in(summary)) if has_summary else []
        self._classes = list(classes_in(summary)) if has_summary else None
        header = next(self._sheets[0].iter_rows(values_only=True), ())
        self._headers = [str(name) for name in header if name is not None]
        # A column of the file's own may be called as one of the first is in other files.
        others = [None if name in _FIRST else name for name in self._headers[len(_FIRST) :]]
        self._names: list[str | None] = [*_FIRST, *others] if self._headers[2:3] == ["class"] else [*self._headers]

    def write_without(self, is_unwanted: Callable[[Mapping[str, Any]], bool], target: BinaryIO) -> int:
        """Write the workbook without the rows that are unwanted, and return how many these are."""
        figures = ResultFigures(self._classes, self._about) if self._classes is not None else None
        formats = ["General"] * len(self._names)
        removed = 0
        for cells in self._rows():
            row = self._as_mapping(cells)
            removed += is_unwanted(row)
            for place, cell in enumerate(cells[: len(formats)]):
                # Where there is a value that is no text, the column's format is seen.
                if cell.value is not None and not isinstance(cell.value, str):
                    formats[place] = cell.number_format
            if figures is not None and not is_unwanted(row):
                figures.count(row)
        if figures is not None:
            figures.about = [(name, figures.rows if name == "rows" else value) for name, value in figures.about]
        columns = [SheetColumn(*column) for column in zip(self._headers, self._names, formats, strict=True)]
        kept = (self._values(cells) for cells in self._rows() if not is_unwanted(self._as_mapping(cells)))
        write_workbook(kept, columns, target, figures)
        return removed

    def _rows(self) -> "Iterator[_Row]":
        for sheet in self._sheets:
            rows = iter(sheet.iter_rows())
            next(rows, None)
            yield from rows

    def _values(self, cells: _Row) -> list[Any]:
        """The values of a row, one for each column: empty cells at its end are not there."""
        values = [cell.value for cell in cells[: len(self._names)]]
        return [*values, *[None] * (len(self._names) - len(values))]

    def _as_mapping(self, cells: _Row) -> dict[str, Any]:
        values = self._values(cells)
        named = zip(self._names, values, strict=True)
        return dict(zip(self._headers, values, strict=True)) | {name: value for name, value in named if name}
