"""Which classifications are looked at: by day, request file, class, status, source, the file's own columns and words."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.warehouse.corrections import (
    HOLDING_CLASS,
    IS_CORRECTED,
    MODEL_CLASS_WHERE_CORRECTED,
)
from batch_classifier.warehouse.interface import literal
from batch_classifier.warehouse.tables import CLASSIFICATIONS

# How "no class" is written among the names of classes; no category has a name with such signs around it.
NO_CLASS = "<no class>"
_WORD = re.compile(r'"([^"]*)"|(\S+)')
_MOST_WORDS = 10


@dataclass(frozen=True)
class Selection:
    """Some of a prompt's classifications; what is empty leaves nothing out.

    Attributes:
        since, until: the first and the last day, both included.
        own: names of the file's own columns, each with the values that are looked at.
        expected: right classes, as a label or a person says.
        given: classes that the model gave.
        words: words that the text or the reason holds, all of them; what stands between quotation marks is one.
    """

    since: datetime.date | None = None
    until: datetime.date | None = None
    request_files: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    own: tuple[tuple[str, tuple[str, ...]], ...] = ()
    expected: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    words: str = ""

    @property
    def before(self) -> "Selection | None":
        """The period of the same length that came before; None where the first day is not chosen."""
        if self.since is None:
            return None
        until = self.until or datetime.datetime.now(datetime.UTC).date()
        length = max((until - self.since).days + 1, 1)
        day = datetime.timedelta(days=1)
        return replace(self, since=self.since - length * day, until=self.since - day)


def day_in_sql(tables: PromptTables) -> str:
    """The day that a classification counts for: the text's own, where the prompt names its column, else that of the answer."""
    answered = tables.warehouse.dialect.day("answered.answered_at")
    return f"case when answered.date_problem is null then coalesce(answered.text_date, {answered}) end"


def column_in_sql(name: str, type_name: str) -> str:
    """A column of classifications, or null where these tables have none of this name."""
    return f'answered."{name}"' if name in CLASSIFICATIONS.schema.names else f"cast(null as {type_name})"


def doubt_in_sql() -> str:
    """How doubtful a class is, 0 to 1: as the table says, else by the model's confidence; null where neither is there."""
    return f"coalesce({column_in_sql('doubt', 'double')}, 1 - answered.confidence)"


def selected(tables: PromptTables, selection: Selection, columns: Sequence[str] = ()) -> str:
    """What follows FROM: the selected rows, named `one`, with `day`, the class that holds, and how it came about.

    `columns` are further columns of classifications that are wanted.
    """
    further = "".join(f', answered."{name}"' for name in columns)
    return f"""(
        select answered.request_file, answered.row_number, {day_in_sql(tables)} as "day", {HOLDING_CLASS} as "class",
            {MODEL_CLASS_WHERE_CORRECTED} as model_class, {IS_CORRECTED} as is_corrected, held.who as corrected_by,
            held.new_class as said_class,
            answered.status, {column_in_sql("source", "varchar")} as "source", {doubt_in_sql()} as doubt{further}
        from {tables.answered_and_held()}
        where {condition(tables, selection)}
    ) as one"""


def condition(tables: PromptTables, selection: Selection) -> str:
    """Which rows of `answered` joined with `held` are selected."""
    day = day_in_sql(tables)
    conditions = ["true"]
    if selection.since is not None:
        conditions.append(f"{day} >= {_day(selection.since)}")
    if selection.until is not None:
        conditions.append(f"{day} <= {_day(selection.until)}")
    for values, expression in (
        (selection.request_files, "answered.request_file"),
        (selection.statuses, "answered.status"),
        (selection.sources, column_in_sql("source", "varchar")),
        *((values, tables.warehouse.dialect.value("answered.attributes", name)) for name, values in selection.own),
    ):
        if values:
            conditions.append(f"{expression} in ({', '.join(map(literal, values))})")
    for names, expression in (
        (selection.classes, HOLDING_CLASS),
        (selection.given, 'answered."class"'),
        (selection.expected, "coalesce(answered.expected_class, held.new_class)"),
    ):
        if names:
            conditions.append(_is_class(expression, names))
    for words in words_of(selection.words):
        in_text = tables.warehouse.dialect.holds('answered."input_text"', words)
        in_reason = tables.warehouse.dialect.holds('answered."rationale"', words)
        conditions.append(f"(coalesce({in_text}, false) or coalesce({in_reason}, false))")
    return " and ".join(conditions)


def _is_class(expression: str, names: Sequence[str]) -> str:
    known = [literal(name) for name in names if name != NO_CLASS]
    either = [f"{expression} in ({', '.join(known)})"] if known else []
    if NO_CLASS in names:
        either.append(f"{expression} is null")
    return f"({' or '.join(either)})"


def words_of(words: str) -> list[str]:
    """The words that are looked for, at most ten; what stands between quotation marks is one."""
    return [(quoted or plain).strip() for quoted, plain in _WORD.findall(words) if (quoted or plain).strip()][
        :_MOST_WORDS
    ]


def class_name(name: str | None) -> str:
    """A class as it is chosen by: its name, or `NO_CLASS`."""
    return NO_CLASS if name is None else name


def _day(day: datetime.date) -> str:
    return f"date '{day.isoformat()}'"
