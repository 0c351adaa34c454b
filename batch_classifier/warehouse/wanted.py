"""What is to be forgotten: a record, a request file, or all texts that hold some words, as a condition in SQL and in Python."""

from dataclasses import dataclass
from enum import StrEnum

import orjson

from batch_classifier.warehouse.interface import literal
from batch_classifier.warehouse.tables import CLASSIFICATIONS, CORRECTIONS, PARTITION_COLUMN, RAW_REQUESTS, Table

# The columns of each table that may hold a text, a part of it, or a person's name beside it.
_TEXTS = {
    RAW_REQUESTS.name: ("record_id", "text", "original_text", "attributes"),
    CLASSIFICATIONS.name: ("record_id", "input_text", "original_text", "rationale", "attributes", "error"),
    CORRECTIONS.name: ("record_id", "input_text", "why"),
}
# The tables of requests among them; of corrections, which are of texts, `forgetting.py` has what goes.
TABLES_WITH_TEXTS = (RAW_REQUESTS, CLASSIFICATIONS)


class KeyKind(StrEnum):
    """By what a person names what is to be forgotten."""

    RECORD_ID = "record-id"
    FILE = "file"
    TEXT_LIKE = "text-like"


@dataclass(frozen=True)
class Wanted:
    """What is to be forgotten.

    Attributes:
        kind: what `value` is.
        value: a record id, a request file's path below its prompt's folder, or words that stand in a text, upper and lower
            case alike and without wildcards.
    """

    kind: KeyKind
    value: str

    def condition(self, table: Table) -> str:
        """Which rows of a table with texts are wanted, in SQL that DuckDB and Athena both take; never null."""
        if self.kind is KeyKind.RECORD_ID:
            return f"coalesce(record_id = {literal(self.value)}, false)"
        if self.kind is KeyKind.FILE:
            return f"{PARTITION_COLUMN} = {literal(self.value)}"
        return self.text_condition(table, *_TEXTS[table.name])

    def text_condition(self, table: Table, *columns: str) -> str:
        """Whether one of these columns of a table holds the wanted words, in SQL; never null."""
        found = [
            f"strpos(lower({table.column(column).name}), {literal(words)}) > 0"
            for column in columns
            for words in self._words()
        ]
        return f"coalesce({' or '.join(f'coalesce({one}, false)' for one in found)}, false)"

    def is_in(self, text: str | None) -> bool:
        """Whether a text holds the wanted words; False for the other kinds."""
        if self.kind is not KeyKind.TEXT_LIKE or not text:
            return False
        lower = text.lower()
        return any(words in lower for words in self._words())

    def _words(self) -> list[str]:
        """The words, and the same as they stand in a JSON object where that differs, as after a quotation mark."""
        lower = self.value.lower()
        return list(dict.fromkeys([lower, orjson.dumps(lower).decode()[1:-1]]))
