"""`batch-classifier evaluate --sample`: classified texts that are worth a label, in a workbook."""

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from batch_classifier.command_line.project import show_warnings
from batch_classifier.command_line.report_files import check_target, write_target
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import ClassifierError
from batch_classifier.evaluation.drawing import draw
from batch_classifier.evaluation.drawn import Drawn
from batch_classifier.evaluation.sample_workbook import RowToLabel, workbook_of
from batch_classifier.evaluation.variants import changed
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.xlsx_cells import MAX_CELL_UNITS
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.queries import texts_and_classes, texts_by_id
from batch_classifier.wording import counted

# More than anybody labels by hand, and few enough to be held at once.
_MOST = 5_000
_IDS_AT_ONCE = 500


def draw_sample(prompt_name: str, size: int, output: Path | None, label_column: str | None, seed: int) -> int:
    """Draw texts of the prompt's classifications into a workbook and tell what is in it.

    Raises ClassifierError where nothing is classified yet, or for an option that cannot be.
    """
    if not 1 <= size <= _MOST:
        raise ClassifierError(f"--sample is {size:,}; it must be from 1 to {_MOST:,}.")
    settings = load_settings()
    prompt = changed(load_prompts(settings.prompts).get(prompt_name), None, label_column)
    target = output or Path(f"{prompt.name}_to_label.xlsx")
    if target.suffix.lower() != ".xlsx":
        raise ClassifierError(f"--output is {target}; the workbook's name must end in .xlsx.")
    check_target(target)
    if target.exists():
        raise ClassifierError(f"{target} is there already and may hold labels; name another file with --output.")
    show_warnings()
    warehouse = open_warehouse(settings)
    drawn = _drawn(warehouse, prompt, size, seed)
    rows = _rows(warehouse, prompt, drawn)
    write_target(target, workbook_of(rows, prompt), settings.file_access)
    _tell(prompt, target, rows, len(drawn) - len(rows), label_column)
    return 0


def _drawn(warehouse: Warehouse, prompt: Prompt, size: int, seed: int) -> dict[str, Drawn]:
    drawn: dict[str, Drawn] = {}
    if prompt.name in warehouse.prompts():
        with warehouse.stream(prompt.name, texts_and_classes(warehouse, prompt)) as classified:
            drawn = draw(classified, size, seed)
    if not drawn:
        raise ClassifierError(
            f"Nothing is classified with the prompt {prompt.name} yet; classify a file first, then draw from its texts."
        )
    return drawn


def _rows(warehouse: Warehouse, prompt: Prompt, drawn: dict[str, Drawn]) -> list[RowToLabel]:
    """The drawn texts, in an order that has nothing to do with why they were drawn."""
    found: dict[str, RowToLabel] = {}
    ids = sorted(drawn)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        sql = texts_by_id(warehouse, prompt, ids[start : start + _IDS_AT_ONCE])
        with warehouse.stream(prompt.name, sql) as texts:
            for batch in texts:
                for row in batch.to_pylist():
                    text_id = row["text_id"]
                    if text_id not in found and _fits_a_cell(row["input_text"]):
                        found[text_id] = RowToLabel(row["record_id"], row["input_text"], drawn[text_id])
    return [found[text_id] for text_id in ids if text_id in found]


def _fits_a_cell(text: str) -> bool:
    """Whether a workbook can hold the text whole: one that was cut would be another text when it is read back."""
    return len(text.encode("utf-16-le")) // 2 <= MAX_CELL_UNITS


def _tell(prompt: Prompt, target: Path, rows: Sequence[RowToLabel], too_long: int, label_column: str | None) -> None:
    counts = Counter(row.drawn for row in rows)
    say(
        f"{target}: {counted(len(rows), 'text')} to label, {counts[Drawn.RANDOM]:,} drawn at random, which measure, "
        f"{counts[Drawn.UNCERTAIN]:,} because the model is uncertain, {counts[Drawn.CATEGORY]:,} for their category."
    )
    if too_long:
        say(f"{counted(too_long, 'text')} left out, being too long for a cell.")
    named = "" if label_column is None else f" --label-column {shlex.quote(label_column)}"
    command = f"batch-classifier evaluate --prompt {prompt.name} --labels {shlex.quote(str(target))}{named}"
    say(f"Choose a class in each row, then: {command}")
