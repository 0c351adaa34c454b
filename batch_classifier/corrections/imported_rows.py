"""The rows of a file that somebody has put classes into: a result file, a workbook, or a list of ids and classes."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO

import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.column_names import some_names
from batch_classifier.requests.raw_requests import find_column
from batch_classifier.requests.readers.formats import Rows, read_rows
from batch_classifier.results.formulas import guarded
from batch_classifier.results.xlsx_cells import CUT_MARK

# What each of our columns may be called in such a file, besides what request files call it.
_NAMES = {
    "id": ("id", "record_id"),
    "class": ("class", "new_class"),
    "text": ("input_text", "text"),
    "text_id": ("text_id",),
    "request_file": ("request_file",),
    "model_class": ("model_class",),
    "why": ("why",),
}
# Only result files have both.
_OF_RESULTS = ("rationale", "status")
ROWS_SCHEMA = pa.schema(
    [("line", pa.int64())]
    + [(name, pa.string()) for name in ("id", "other_id", "class", "text_id", "request_file", "model_class", "why")]
    + [("content", pa.string()), ("length", pa.int64()), ("is_cut", pa.bool_()), ("problem", pa.string())]
)


@dataclass
class ImportedRows:
    """Reads the file as record batches in ROWS_SCHEMA. Iterate it once; raises UnreadableFile.

    Of the texts only what tells them apart stays, in `content` (see `content_of`).

    Attributes:
        name: the file's name; its suffix says the format.
        is_result_file: whether it has the columns of a result file, once it is read.
    """

    file: BinaryIO
    name: str
    prompt: Prompt
    limits: Limits
    is_result_file: bool = field(init=False, default=False)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for rows in read_rows(self.file, self.name, self.limits):
            yield self._taken(rows)

    def _taken(self, rows: Rows) -> pa.RecordBatch:
        names = rows.cells.schema.names
        found = {
            ours: next((n for t in (self._given(ours), *theirs) if (n := find_column(names, t)) in names), None)
            for ours, theirs in _NAMES.items()
        }
        if found["class"] is None or (found["id"] is None and found["text_id"] is None):
            raise UnreadableFile(
                f"{self.name} needs a column class, and id or text_id; its columns are {some_names(names)}."
            )
        self.is_result_file = all(find_column(names, one) is not None for one in _OF_RESULTS)
        size = rows.cells.num_rows
        cells = {
            ours: [None] * size if column is None else rows.cells.column(column).to_pylist()
            for ours, column in found.items()
        }
        values = {ours: [_blank_as_none(cell) for cell in column] for ours, column in cells.items() if ours != "text"}
        contents = [content_of(text) if text else None for text in cells["text"]]
        made = {
            **values,
            "line": rows.row_numbers.to_pylist(),
            "class": [self._category(name) for name in values["class"]],
            "other_id": [_unguarded(one) for one in values["id"]],
            "content": [one and one.digest() for one in contents],
            "length": [one and one.length for one in contents],
            "is_cut": [bool(one and one.is_cut) for one in contents],
            "problem": rows.problems.to_pylist(),
        }
        return pa.record_batch([pa.array(made[one.name], one.type) for one in ROWS_SCHEMA], schema=ROWS_SCHEMA)

    def _given(self, ours: str) -> str | None:
        """What request files, and so workbooks of results, call the column."""
        return {"id": self.prompt.input.id, "text": self.prompt.input.text}.get(ours)

    def _category(self, name: str | None) -> str | None:
        """The category that is meant, whatever its case and spaces; the words as they are where there is none."""
        if name is None or name in self.prompt.class_names:
            return name
        folded = {_folded(form): one for one in self.prompt.class_names for form in (one, guarded(one))}
        return folded.get(_folded(name), name)


@dataclass(frozen=True)
class Content:
    """What of a text survives any spreadsheet program: its letters and digits, not its spaces, line ends and marks.

    Attributes:
        is_cut: whether the text goes on, and was too long for its cell.
    """

    signs: str
    is_cut: bool

    @property
    def length(self) -> int:
        """How many signs."""
        return len(self.signs)

    def digest(self, length: int | None = None) -> str:
        """A hash of the first signs, by default of all."""
        return sha256(self.signs[:length].encode("utf-8", "replace")).hexdigest()


def content_of(text: str) -> Content:
    """What tells a text apart from others in a file that somebody has edited."""
    is_cut = text.endswith(CUT_MARK)
    kept = text.removesuffix(CUT_MARK)
    return Content("".join(one for one in kept if one.isalnum()), is_cut)


def _blank_as_none(cell: str | None) -> str | None:
    stripped = cell.strip() if cell else ""
    return stripped or None


def _unguarded(value: str | None) -> str | None:
    """The id without the marks that CSV results put before the signs of formulas; None where there are none."""
    if value is None or "'" not in value:
        return None
    without = value.replace("'", "")
    return without if guarded(without) == value else None


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
