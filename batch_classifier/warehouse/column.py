"""What a column of a table is: its type in every system that keeps or shows it, and what is true of its values."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

import pyarrow as pa

TEXT = pa.string()
WHOLE_NUMBER = pa.int64()
NUMBER = pa.float64()
DAY = pa.date32()
TIME = pa.timestamp("us", tz="UTC")


class SqlTypes(NamedTuple):
    """What a type is called in a DuckDB table, in a Glue table, and in the definition of a view that Athena keeps."""

    duckdb: str
    glue: str
    athena: str


# A new type of column is one line here. Athena's timestamp has no zone; what is in the tables is UTC.
SQL_TYPES = {
    TEXT: SqlTypes("varchar", "string", "varchar"),
    WHOLE_NUMBER: SqlTypes("bigint", "bigint", "bigint"),
    NUMBER: SqlTypes("double", "double", "double"),
    DAY: SqlTypes("date", "date", "date"),
    TIME: SqlTypes("timestamptz", "timestamp", "timestamp"),
}


class Source(Enum):
    """Where `classifications` has the value of a column from."""

    REQUEST = auto()
    """A column of `raw_requests`."""
    ANSWER = auto()
    """What the model said of the text: a field of `Answer` in `answers/answer_files.py`."""
    JOB = auto()
    """The job that answered: a field of `AnswerOrigin` in `answers/held_answers.py`."""
    ROW = auto()
    """Computed for each request when the table is made, in `answers/endings.py`."""


@dataclass(frozen=True)
class InResults:
    """Where a column stands in result files.

    Attributes:
        name: its header there.
        behind_own_columns: whether it comes after the request file's own columns, not before.
        only_where_filled: whether files in which no row has a value go without it.
    """

    name: str
    behind_own_columns: bool = False
    only_where_filled: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its name in every warehouse.
        type: its type in Arrow, one of those in `SQL_TYPES`.
        description: what its values say, for people.
        source: for a column of `classifications`, where its values come from.
        request_column: for `Source.REQUEST`, the column of `raw_requests` where it has another name.
        in_results: where it stands in result files; None for a column that does not.
        is_long_text: whether it compresses as long texts do.
        is_shown_short: whether previews show no more than the beginning of a value.
        is_shown: whether previews have the column at all.
    """

    name: str
    type: pa.DataType
    description: str
    source: Source | None = None
    request_column: str | None = None
    in_results: InResults | None = None
    is_long_text: bool = False
    is_shown_short: bool = False
    is_shown: bool = True

    @property
    def is_reused(self) -> bool:
        """Whether it belongs to the answer: copied to every request with the same text, also when that comes later."""
        return self.source in (Source.ANSWER, Source.JOB)

    @property
    def arrow_field(self) -> pa.Field:
        """The column in an Arrow schema, with its description."""
        return pa.field(self.name, self.type, metadata={"description": self.description})
