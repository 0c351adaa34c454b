"""What DuckDB and Athena write differently in SQL: days, values in JSON, words in texts."""

import re
from dataclasses import dataclass

from batch_classifier.warehouse.interface import literal


@dataclass(frozen=True)
class Dialect:
    """A warehouse's way of writing what the other one writes otherwise.

    Attributes:
        day_of_time: the day in UTC of a time, with {time} in its place.
        text_in_json: a value of a JSON object as text, with {json} and {path}, a literal, in their places.
        path: the path to one key, with {key} in its place.
        matches: whether a text matches a regular expression, with {text} and {pattern}, a literal, in their places.
        row_mark: what a row of a table is known by within one query; None where there is no such thing.
    """

    day_of_time: str
    text_in_json: str
    path: str
    matches: str
    row_mark: str | None = None

    def day(self, time: str) -> str:
        """The day of a column of times, in UTC."""
        return self.day_of_time.format(time=time)

    def value(self, json: str, key: str) -> str:
        """The value that JSON objects in a column have for a key, as text; null where they have none."""
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        return self.text_in_json.format(json=json, path=literal(self.path.format(key=quoted)))

    def holds(self, text: str, words: str) -> str:
        """Whether the texts of a column hold these words, upper and lower case alike; null for one that is null."""
        return self.matches.format(text=text, pattern=literal(f"(?i){re.escape(words)}"))

    def some_rows(self, table: str, alias: str, condition: str) -> str:
        """The condition for a few rows of a table that has this alias.

        Where rows have a mark they are found by it: DuckDB then reads the texts of these rows alone, and otherwise those of all
        rows that stand beside them, which for 100 rows of a million takes three times as long.
        """
        if self.row_mark is None:
            return f"({condition})"
        return f"{alias}.{self.row_mark} in (select {self.row_mark} from {table} as {alias} where {condition})"


DUCKDB = Dialect(
    day_of_time="cast({time} at time zone 'UTC' as date)",
    text_in_json="json_extract_string({json}, {path})",
    path='$."{key}"',
    matches="regexp_matches({text}, {pattern})",
    row_mark="rowid",
)
# Athena's timestamp has no zone; the tables hold UTC.
ATHENA = Dialect(
    day_of_time="cast({time} as date)",
    text_in_json="json_extract_scalar({json}, {path})",
    path='$["{key}"]',
    matches="regexp_like({text}, {pattern})",
)
