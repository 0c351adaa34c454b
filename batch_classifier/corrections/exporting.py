"""The corrections that hold as a file for people: CSV or a workbook, as its name says; it can be edited and imported."""

import codecs
import csv
import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from batch_classifier.corrections.labels import EXPORTED, exported_rows
from batch_classifier.errors import ClassifierError
from batch_classifier.file_access import FileAccess
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.formulas import guarded
from batch_classifier.results.xlsx_file import write_rows
from batch_classifier.warehouse.interface import Warehouse

SUFFIXES = (".csv", ".xlsx")


def export_corrections(warehouse: Warehouse, prompt: Prompt, path: Path, access: FileAccess) -> int:
    """Write the corrections that hold to a file, and return how many; one that is there is replaced when the new one is whole.

    Raises ClassifierError for a name of another format, and for a file that cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ClassifierError(f"{path} cannot be written: a file of corrections is called {' or '.join(SUFFIXES)}.")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        access.make_file(unfinished)
        with unfinished.open("wb") as file, exported_rows(warehouse, prompt) as batches:
            write = _write_csv if path.suffix.lower() == ".csv" else _write_xlsx
            count = write(_cells(batches), file)
        unfinished.replace(path)
    except OSError as error:
        raise ClassifierError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _cells(batches: Iterable[pa.RecordBatch]) -> Iterator[list[str | None]]:
    for batch in batches:
        for row in batch.to_pylist():
            yield [_text(row[name]) for name in EXPORTED]


def _text(value: Any) -> str | None:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="seconds")
    return value if value is None else str(value)


def _write_csv(rows: Iterable[list[str | None]], file: BinaryIO) -> int:
    text = codecs.getwriter("utf-8")(file)
    file.write(codecs.BOM_UTF8)
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(EXPORTED)
    count = 0
    for row in rows:
        writer.writerow([guarded(cell.replace("\0", "")) if cell else "" for cell in row])
        count += 1
    return count


def _write_xlsx(rows: Iterable[list[str | None]], file: BinaryIO) -> int:
    # The last column is what the writer notes of cells that it had to cut.
    return write_rows(([*row, None] for row in rows), [*EXPORTED, "note"], file)
