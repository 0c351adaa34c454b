"""A workbook for labelling: the texts, and a column in which the allowed classes can be chosen from a list."""

import io
from collections.abc import Sequence
from typing import NamedTuple

from batch_classifier.evaluation.drawn import DRAWN_COLUMN, Drawn
from batch_classifier.evaluation.variants import label_column_of
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.xlsx_file import write_rows

# A sheet of its own, since Excel takes no more than 255 characters for a list that stands in the rule itself. Its rows have
# neither text nor label, so that reading the workbook back passes over them.
_CLASSES_SHEET = "Allowed classes"


class RowToLabel(NamedTuple):
    """One row: what the model made of the text is not in it, for it would sway whoever labels."""

    record_id: str
    text: str
    drawn: Drawn


def workbook_of(rows: Sequence[RowToLabel], prompt: Prompt) -> bytes:
    """The workbook. Its columns have the names by which the prompt reads them back; texts have to fit a cell."""
    from openpyxl import load_workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    label = label_column_of(prompt)
    written = io.BytesIO()
    names = [prompt.input.id or "id", prompt.input.text, label, DRAWN_COLUMN]
    # Written as result files are, so that no text becomes a formula.
    write_rows(((row.record_id, row.text, None, str(row.drawn)) for row in rows), names, written)
    workbook = load_workbook(written)
    sheet = workbook.worksheets[0]
    sheet.title = "To label"
    for letter, width in zip("ABCD", (14, 90, 32, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    classes = workbook.create_sheet(_CLASSES_SHEET)
    classes.append(["allowed class", "what belongs to it"])
    classes["A1"].font = Font(bold=True)
    for place, category in enumerate(prompt.categories, 2):
        for column, value in ((1, category.name), (2, category.description)):
            cell = classes.cell(place, column, value)
            cell.data_type = "s"
            cell.quotePrefix = True
    choice = DataValidation(
        type="list",
        formula1=f"='{_CLASSES_SHEET}'!$A$2:$A${len(prompt.categories) + 1}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Not a category",
        error="Choose one of the list.",
    )
    sheet.add_data_validation(choice)
    choice.add(f"C2:C{len(rows) + 1}")
    saved = io.BytesIO()
    workbook.save(saved)
    return saved.getvalue()
