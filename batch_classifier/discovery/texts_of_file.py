"""The texts of a file that no prompt is for yet, and which of its columns holds them."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.discovery.grouping import MOST_TEXTS, READ_CHARACTERS
from batch_classifier.errors import SettingError
from batch_classifier.limits import Limits
from batch_classifier.requests.column_names import some_names
from batch_classifier.requests.readers.formats import read_rows

# A column of texts is told from one of names or codes by its length.
_FEWEST_CHARACTERS = 20


@dataclass(frozen=True)
class TextsOfFile:
    """Distinct texts, the column that they stand in, and the one that looks like the record's id, if there is one."""

    texts: list[str]
    text_column: str
    id_column: str | None


def texts_of_file(file: Path, text_column: str | None, limits: Limits) -> TextsOfFile:
    """Read the first texts; without a column's name the one with the longest texts is taken.

    Raises SettingError for a column that is not there, or where none looks like texts, and what the reader raises.
    """
    texts: dict[str, None] = {}
    column, id_column = text_column, None
    if not file.is_file():
        raise SettingError(f"There is no file {file}.")
    with file.open("rb") as content:
        for number, rows in enumerate(read_rows(content, file.name, limits)):
            names = rows.cells.schema.names
            if number == 0:
                column = _text_column(rows.cells, text_column)
                id_column = next(
                    (name for name in names if name.casefold() == "id" or name.casefold().endswith("_id")), None
                )
            if column is None or column not in names:
                continue
            shortened = pc.utf8_slice_codeunits(rows.cells.column(column), 0, READ_CHARACTERS)
            texts.update(dict.fromkeys(text for text in shortened.to_pylist() if text and text.strip()))
            if len(texts) >= MOST_TEXTS:
                break
    if column is None:
        raise SettingError(f"{file} has no column that looks like texts; name one with --text.")
    return TextsOfFile(list(texts)[:MOST_TEXTS], column, id_column if id_column != column else None)


def _text_column(cells: pa.RecordBatch, wanted: str | None) -> str | None:
    names = cells.schema.names
    if wanted is not None:
        folded: dict[str, str] = {name.casefold(): name for name in names}
        if wanted.casefold() not in folded:
            raise SettingError(f"There is no column {wanted!r}; the columns are {some_names(names)}.")
        return folded[wanted.casefold()]
    lengths: dict[str, float] = {name: pc.mean(pc.utf8_length(cells.column(name))).as_py() or 0.0 for name in names}
    longest = max(lengths, key=lambda name: lengths[name])
    return longest if lengths[longest] >= _FEWEST_CHARACTERS else None
