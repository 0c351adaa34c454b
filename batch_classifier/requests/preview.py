"""The first rows of a file that somebody wants to have classified, and which of its columns are taken for what."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from batch_classifier.limits import Limits
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import find_column
from batch_classifier.requests.readers.formats import read_rows

_ROWS, _CHARACTERS = 5, 500


@dataclass(frozen=True)
class Preview:
    """A file before it is classified.

    Attributes:
        taken: what the prompt asks for (text, id, label, date), each with the file's column; None where the file has none.
        own: the other columns, which come back in the results.
        rows: the first rows, cell by cell in the order of `columns`; long texts are cut.
    """

    columns: tuple[str, ...]
    taken: dict[str, str | None]
    own: tuple[str, ...]
    rows: Sequence[Sequence[str]]

    @property
    def has_text(self) -> bool:
        """Whether there is a column of texts, without which nothing can be classified."""
        return self.taken["text"] is not None


def preview(path: Path, prompt: Prompt, limits: Limits) -> Preview:
    """Look at a file's beginning; raises UnreadableFile."""
    with path.open("rb") as file, closing(read_rows(file, path.name, limits)) as read:  # type: ignore[type-var]
        first = next(read)
    names = first.cells.schema.names
    asked = {"text": prompt.input.text, "id": prompt.input.id, "label": prompt.input.label, "date": prompt.input.date}
    taken = {what: find_column(names, name) for what, name in asked.items() if name is not None}
    cells = first.cells.slice(0, _ROWS)
    columns = [[str(cell or "")[:_CHARACTERS] for cell in column.to_pylist()] for column in cells.columns]
    return Preview(
        columns=tuple(names),
        taken=taken,
        own=tuple(name for name in names if name not in taken.values()),
        rows=list(zip(*columns, strict=True)),
    )
