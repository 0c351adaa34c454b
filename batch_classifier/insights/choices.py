"""What there is to choose from: the request files, the days they span, statuses, sources, and the files' own columns."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.selection import column_in_sql, day_in_sql
from batch_classifier.warehouse.interface import literal

# The columns are read from the first rows of the newest files; a spreadsheet's rows all have the same.
_FILES_LOOKED_AT, _ROWS_LOOKED_AT = 20, 5
_MOST_COLUMNS, MOST_VALUES = 50, 50


@dataclass(frozen=True)
class FileStanding:
    """A request file: its rows, and the time of its last answer."""

    request_file: str
    rows: int
    answered_at: datetime.datetime | None


@dataclass(frozen=True)
class Choices:
    """What a prompt's classifications can be chosen by.

    Attributes:
        files: the newest first.
        first_day, last_day: between which the rows lie; None where none has a day.
        own_columns: names of the files' own columns.
    """

    files: tuple[FileStanding, ...]
    first_day: datetime.date | None
    last_day: datetime.date | None
    statuses: tuple[str, ...]
    sources: tuple[str, ...]
    own_columns: tuple[str, ...]

    @property
    def rows(self) -> int:
        """All rows of the prompt."""
        return sum(file.rows for file in self.files)


def choices(tables: PromptTables) -> Choices:
    """What there is to choose from; raises ClassifierError."""
    name = tables.name()
    source = column_in_sql("source", "varchar")
    day = day_in_sql(tables)
    found = tables.query(
        f"""select answered.request_file, answered.status, {source} as "source", count(*) as "rows",
            max(answered.answered_at) as answered_at, min({day}) as first_day, max({day}) as last_day
        from {name} as answered group by answered.request_file, answered.status, {source}""",
    )
    files: dict[str, FileStanding] = {}
    for row in found:
        before = files.get(row["request_file"], FileStanding(row["request_file"], 0, None))
        times = [time for time in (before.answered_at, row["answered_at"]) if time is not None]
        files[row["request_file"]] = FileStanding(
            before.request_file, before.rows + int(row["rows"]), max(times, default=None)
        )
    oldest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    newest_first = sorted(
        files.values(), key=lambda file: (file.answered_at or oldest, file.request_file), reverse=True
    )
    days = [row[name] for row in found for name in ("first_day", "last_day") if row[name] is not None]
    return Choices(
        files=tuple(newest_first),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        statuses=_distinct(row["status"] for row in found),
        sources=_distinct(row["source"] for row in found),
        own_columns=own_columns(tables, [file.request_file for file in newest_first[:_FILES_LOOKED_AT]]),
    )


def own_columns(tables: PromptTables, request_files: Sequence[str]) -> tuple[str, ...]:
    """The names of these files' own columns, in their order; of the first rows of each."""
    if not request_files:
        return ()
    rows = tables.query(
        f"""select attributes from {tables.name()}
        where request_file in ({", ".join(map(literal, request_files))}) and row_number <= {_ROWS_LOOKED_AT}
            and length(attributes) < 1000000""",
    )
    names = {name: None for row in rows for name in orjson.loads(row["attributes"] or "{}")}
    return tuple(names)[:_MOST_COLUMNS]


def own_values(tables: PromptTables, column: str) -> tuple[str, ...]:
    """The most frequent values of one of the files' own columns."""
    value = tables.warehouse.dialect.value("answered.attributes", column)
    rows = tables.query(
        f"""select {value} as "value", count(*) as "rows" from {tables.answered_and_held()}
        where {value} is not null group by {value} order by count(*) desc, {value} limit {MOST_VALUES}""",
    )
    return tuple(str(row["value"]) for row in rows)


def _distinct(values: object) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values if value is not None}))  # type: ignore[attr-defined]
