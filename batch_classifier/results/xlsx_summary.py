"""The first sheet of a workbook of results: where the rows are from, how many have which class, and what needs a look."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.requests.readers.own_workbook import SUMMARY_MARK, SUMMARY_SHEET
from batch_classifier.results.result_figures import DOUBTFUL, ResultFigures
from batch_classifier.results.xlsx_cells import CellStyles, fitting, set_up_page
from batch_classifier.warehouse.statuses import Status

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.chart import BarChart
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

CLASS_HEADER = "class"
_WIDTHS = (30, 30, 12, 12)
_WITHOUT_CLASS = "(no class)"
# Beside what is counted but may not be chosen.
_LEFT_OVER = "see what needs a look"
_NO_CATEGORY = "no category of the prompt any more"
_TO_LOOK_AT = (
    (Status.INVALID_CLASS, "the model's words are none of the categories"),
    (Status.NO_ANSWER, "the model did not answer; the note says why"),
    (Status.MODEL_ERROR, "the model failed; the note says why"),
    (Status.REJECTED, "the row has no usable text; the note says why"),
    (Status.REPAIRED, "the model's words were matched to a category"),
)
_ROW_HEIGHT_CM = 0.75


def add_summary(workbook: "Workbook", figures: ResultFigures) -> str:
    """Write the sheet, and return the range of the classes that may be chosen, as a formula's reference."""
    sheet = workbook.create_sheet(SUMMARY_SHEET)
    set_up_page(sheet)
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    styles = CellStyles(sheet)
    sheet.append(_row([styles.text(SUMMARY_MARK, is_bold=True)]))
    for name, value in figures.about:
        sheet.append(_row((styles.text(fitting(name)[0]), _value(styles, value))))
    sheet.append([])
    head = len(figures.about) + 3
    sheet.append(styles.text(name, is_bold=True) for name in (CLASS_HEADER, "", "rows", "share"))
    classes = figures.classes_by_rows()
    others = [name for name in figures.by_class if name not in figures.classes]
    for one in (*classes, *others):
        meaning = "" if one in classes else _NO_CATEGORY if one else _LEFT_OVER
        sheet.append(_counted(styles, (one or _WITHOUT_CLASS, meaning), figures.by_class[one], figures.rows))
    first, last = head + 1, head + len(classes)
    sheet.add_chart(_chart(sheet, head, last + len(others)), f"F{head}")
    sheet.append([])
    _add_what_needs_a_look(sheet, styles, figures)
    sheet.close()
    return f"{SUMMARY_SHEET}!$A${first}:$A${last}"


def _add_what_needs_a_look(sheet: "WriteOnlyWorksheet", styles: CellStyles, figures: ResultFigures) -> None:
    lines = [
        (f"status {status}", meaning, figures.by_status[status])
        for status, meaning in _TO_LOOK_AT
        if figures.by_status[status]
    ]
    if figures.doubtful:
        lines.append((f"doubt of {DOUBTFUL} or more", "as likely wrong as right", figures.doubtful))
    if figures.corrected:
        lines.append(("model_class is filled", "a person has corrected the model", figures.corrected))
    sheet.append(styles.text(text, is_bold=True) for text in ("what needs a look", "", "rows"))
    for name, meaning, rows in lines:
        sheet.append([name, meaning, rows])
    if not lines:
        sheet.append(["nothing: every row has a class as the model gave it"])


def _counted(styles: CellStyles, name: tuple[str, str], rows: int, all_rows: int) -> Iterator[Any]:
    yield from (styles.text(fitting(text)[0]) for text in name)
    yield rows
    yield styles.value(rows / all_rows if all_rows else 0.0, "0.0%")


def _value(styles: CellStyles, value: Any) -> Any:
    return styles.text(fitting(value)[0]) if isinstance(value, str) else styles.value(value)


def _row(cells: Iterable[Any]) -> Iterator[Any]:
    yield from cells


def _chart(sheet: "WriteOnlyWorksheet", head: int, last: int) -> "BarChart":
    from openpyxl.chart import BarChart, Reference
    from openpyxl.chart.label import DataLabelList

    chart = BarChart()
    chart.type = "bar"
    chart.title = "Rows by class"
    chart.legend = None
    chart.gapWidth = 40
    chart.add_data(Reference(sheet, min_col=3, min_row=head, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=head + 1, max_row=last))
    chart.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
    # The first class on top; both axes would be left out unless told otherwise.
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.majorGridlines = None
    chart.width, chart.height = 20, max(7.0, _ROW_HEIGHT_CM * (last - head) + 2)
    return chart


def about_in(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, Any]]:
    """The lines that say where the rows are from, of the rows of a sheet that was written here."""
    for row in list(rows)[1:]:
        if not row or row[0] is None:
            return
        yield str(row[0]), row[1] if len(row) > 1 else None


def classes_in(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The classes that may be chosen, of the rows of such a sheet."""
    past = iter(rows)
    for row in past:
        if row[:1] == (CLASS_HEADER,) and "share" in row:
            break
    for row in past:
        if row[:1] in ((), (None,)) or any(row[1:2]):
            return
        yield str(row[0])
