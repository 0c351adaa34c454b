"""What a person sees of an asset in Dagster: column schemas, previews, tables and charts. No text is ever shown in full."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from batch_classifier.warehouse.tables import TABLES, Table
from batch_classifier.wording import fit_line, fit_markdown

PREVIEW_ROWS = 5
# Markdown of fewer characters stands in Dagster's page as it is; what is longer is behind a button.
SHOWN_AT_ONCE = 1_000
SHOWN_CHARACTERS = 60
_BAR_CHARACTERS = 30
_CELL_CHARACTERS = 200
# A name means the same in every table.
_NOT_SHOWN = {column.name for table in TABLES for column in table.columns if not column.is_shown}
_SHOWN_SHORT = {column.name for table in TABLES for column in table.columns if column.is_shown_short}


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns with what each says."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name=column.name, type=str(column.type), description=column.description)
            for column in table.columns
        ]
    )


def glimpse(text: str) -> str:
    """The beginning of a text: at most `SHOWN_CHARACTERS`, and never more than half of it."""
    return " ".join(text[: min(SHOWN_CHARACTERS, len(text) // 2)].split()) + "…"


class Preview:
    """Keeps the first rows of a stream while it passes, to show them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass the batches on."""
        for batch in batches:
            if len(self.rows) < PREVIEW_ROWS:
                self.rows += batch.slice(0, PREVIEW_ROWS - len(self.rows)).to_pylist()
            yield batch

    def markdown(self) -> dg.MarkdownMetadataValue:
        """The rows as a Markdown table, texts cut short."""
        shown = [
            {
                name: glimpse(value) if name in _SHOWN_SHORT and value else _beginning(value)
                for name, value in row.items()
                if name not in _NOT_SHOWN
            }
            for row in self.rows
        ]
        return _shown_at_once(shown)


def _shown_at_once(rows: Sequence[Mapping[str, object]]) -> dg.MarkdownMetadataValue:
    """As many rows and columns of a table as Dagster shows without a click."""
    columns = list(rows[0]) if rows else []
    while len(columns) > 1:
        for number in range(len(rows), 0, -1):
            table = markdown_table(rows[:number], columns)
            if len(table.value or "") < SHOWN_AT_ONCE and number >= min(2, len(rows)):
                return table
        columns = columns[:-1]
    return markdown_table(rows[:1], columns)


def markdown_table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str] | None = None
) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table."""
    names = list(columns or (rows[0] if rows else []))
    if not names:
        return dg.MetadataValue.md("no rows")
    lines = [f"| {' | '.join(fit_markdown(name, _CELL_CHARACTERS) for name in names)} |", f"|{' --- |' * len(names)}"]
    lines += [f"| {' | '.join(_cell(row.get(name)) for name in names)} |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def bar_chart(shares: Mapping[str, float]) -> dg.MarkdownMetadataValue:
    """A bar for each name, as long as its share (0 to 1) of the longest."""
    longest = max(shares.values(), default=0.0) or 1.0
    names = [fit_line(name, _CELL_CHARACTERS) for name in shares]
    width = max(map(len, names), default=0)
    # In a block of code nothing is Markdown, and a line that goes on after a name does not end the block.
    lines = [
        f"{name.ljust(width)}  {'█' * max(1, round(share / longest * _BAR_CHARACTERS))} {share:.1%}"
        for name, share in zip(names, shares.values(), strict=True)
    ]
    return dg.MetadataValue.md("```\n" + "\n".join(lines) + "\n```")


def _beginning(value: object) -> object:
    """A reason of a few hundred characters would make a row of the preview as high as a page."""
    is_long = isinstance(value, str) and len(value) > SHOWN_CHARACTERS
    return f"{str(value)[:SHOWN_CHARACTERS]}…" if is_long else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:,.4g}" if isinstance(value, float) else str(value)
    return fit_markdown(" ".join(text.split()), _CELL_CHARACTERS)
