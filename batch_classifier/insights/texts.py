"""The texts behind the figures: found by words, sorted by doubt or date, one opened to all there is to know of it."""

import datetime
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson
import pyarrow as pa

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.selection import Selection, column_in_sql, condition, day_in_sql, selected, words_of
from batch_classifier.warehouse.corrections import HOLDING_CLASS, MODEL_CLASS_WHERE_CORRECTED
from batch_classifier.warehouse.interface import literal

MOST_SHOWN = 100
# What a list shows of a text and of a reason.
SHOWN_CHARACTERS = 300
MOST_DOWNLOADED = 50_000
DOWNLOADED = (
    *("id", "input_text", "class", "rationale", "status", "model_class", "request_file", "day", "confidence", "doubt"),
    *("source", "corrected_by", "attributes", "note"),
)
# Texts are read and searched at about 250,000 a second; so many at a time, the newest files first.
_ROWS_AT_A_TIME = 150_000
_MOST_SAME_TEXTS = 50


class Order(StrEnum):
    """What texts come first."""

    DOUBT = "most doubtful first"
    NEWEST = "newest first"
    OLDEST = "oldest first"


_ORDERS = {
    Order.DOUBT: "one.doubt desc nulls last",
    Order.NEWEST: 'one."day" desc nulls last',
    Order.OLDEST: 'one."day" asc nulls last',
}


@dataclass(frozen=True)
class TextLine:
    """A text as a list shows it: the beginnings of text and reason."""

    request_file: str
    row_number: int
    record_id: str
    day: datetime.date | None
    class_name: str | None
    model_class: str | None
    status: str
    text: str
    rationale: str | None
    confidence: float | None
    doubt: float | None
    source: str | None


@dataclass(frozen=True)
class FoundTexts:
    """What a search found.

    Attributes:
        number: how many texts are selected; of a search that ended early, how many of those that were looked through.
        looked_through: rows that were looked through for words.
        next_files: request files that were not looked through yet, for want of time; the newest first.
    """

    lines: Sequence[TextLine]
    number: int
    looked_through: int
    next_files: tuple[str, ...] = ()


def find_texts(
    tables: PromptTables,
    selection: Selection,
    order: Order,
    files: Sequence[tuple[str, int]],
    seconds: float = 1.0,
    start: int = 0,
) -> FoundTexts:
    """The first `MOST_SHOWN` selected texts from the place `start` on; raises ClassifierError.

    To look for words takes reading every text. Request files are looked through one after another, the newest first, until so many
    texts are found or so many seconds are over; the files that are left can be asked for next. `files` are the request files that
    there are, with their rows, the newest first.
    """
    if not words_of(selection.words):
        number = _count(tables, selection)
        return FoundTexts(_lines(tables, selection, order, start), number, 0)
    wanted = [one for one in files if not selection.request_files or one[0] in selection.request_files]
    lines: list[TextLine] = []
    began, looked_at, rows, found = time.monotonic(), 0, 0, 0
    while looked_at < len(wanted) and len(lines) < MOST_SHOWN:
        some: list[str] = []
        rows_of_some = 0
        while looked_at < len(wanted) and (not some or rows_of_some + wanted[looked_at][1] <= _ROWS_AT_A_TIME):
            some.append(wanted[looked_at][0])
            rows_of_some += wanted[looked_at][1]
            looked_at += 1
        part = _lines(tables, replace(selection, request_files=tuple(some)), order, 0)
        lines += part
        found += len(part)
        rows += rows_of_some
        if time.monotonic() - began > seconds:
            break
    return FoundTexts(_sorted(lines, order)[:MOST_SHOWN], found, rows, tuple(name for name, _ in wanted[looked_at:]))


def _sorted(lines: Sequence[TextLine], order: Order) -> list[TextLine]:
    if order is Order.DOUBT:
        return sorted(lines, key=lambda line: -(line.doubt if line.doubt is not None else -1.0))
    known = [line for line in lines if line.day is not None]
    return [
        *sorted(known, key=lambda line: line.day or datetime.date.min, reverse=order is Order.NEWEST),
        *(line for line in lines if line.day is None),
    ]


def _count(tables: PromptTables, selection: Selection) -> int:
    (row,) = tables.query(f"select count(*) as number from {selected(tables, selection)}")
    return int(row["number"])


def _lines(tables: PromptTables, selection: Selection, order: Order, start: int) -> list[TextLine]:
    """First which rows, without their texts; then the texts of these."""
    places = tables.query(
        f"""select one.request_file, one.row_number from {selected(tables, selection)}
        order by {_ORDERS[order]}, one.request_file desc, one.row_number
        {"offset " + str(start) if start else ""} limit {MOST_SHOWN}"""
    )
    keys = [(row["request_file"], int(row["row_number"])) for row in places]
    found = lines_of(tables, keys)
    return [found[key] for key in keys if key in found]


def lines_of(tables: PromptTables, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], TextLine]:
    """These rows, by request file and row number."""
    if not keys:
        return {}
    rows = tables.query(
        f"""select answered.request_file, answered.row_number, answered.record_id, {day_in_sql(tables)} as "day",
            {HOLDING_CLASS} as "class", {MODEL_CLASS_WHERE_CORRECTED} as model_class, answered.status,
            substr(answered.input_text, 1, {SHOWN_CHARACTERS}) as "text",
            substr(answered.rationale, 1, {SHOWN_CHARACTERS}) as rationale, answered.confidence,
            {column_in_sql("doubt", "double")} as doubt, {column_in_sql("source", "varchar")} as "source"
        from {tables.answered_and_held()}
        where {tables.warehouse.dialect.some_rows(tables.name(), "answered", _is_one_of(keys))}"""
    )
    return {(row["request_file"], int(row["row_number"])): _line(row) for row in rows}


def _line(row: dict[str, Any]) -> TextLine:
    doubt = row["doubt"]
    if doubt is None and row["confidence"] is not None:
        doubt = 1 - row["confidence"]
    return TextLine(
        row["request_file"], int(row["row_number"]), row["record_id"], row["day"], row["class"], row["model_class"],
        row["status"], row["text"] or "", row["rationale"], row["confidence"], doubt, row["source"],
    )  # fmt: skip


def _is_one_of(keys: Sequence[tuple[str, int]]) -> str:
    numbers: dict[str, list[str]] = {}
    for request_file, number in keys:
        numbers.setdefault(request_file, []).append(str(number))
    return " or ".join(
        f"(answered.request_file = {literal(name)} and answered.row_number in ({', '.join(some)}))"
        for name, some in numbers.items()
    )


@dataclass(frozen=True)
class WholeText:
    """All there is to know of one row.

    Attributes:
        class_name: the class that holds.
        own: the file's own columns.
        same_text: other rows with this text (request file, row number and record id), and how many there are.
    """

    line: TextLine
    text: str
    original_text: str | None
    rationale: str | None
    class_name: str | None
    raw_class: str | None
    error: str | None
    expected_class: str | None
    text_id: str | None
    model_id: str | None
    prompt_version: str | None
    answered_at: datetime.datetime | None
    corrected_by: str | None
    why: str | None
    own: tuple[tuple[str, Any], ...]
    same_text: tuple[tuple[str, int, str], ...]
    same_texts: int


def whole_text(tables: PromptTables, request_file: str, row_number: int) -> WholeText | None:
    """One row with its whole text; None where there is no such row (any more). Raises ClassifierError."""
    line = lines_of(tables, [(request_file, row_number)]).get((request_file, row_number))
    if line is None:
        return None
    (row,) = tables.query(
        f"""select answered.*, held.who as corrected_by, held.why
        from {tables.answered_and_held()} where {_is_one_of([(request_file, row_number)])}"""
    )
    same, number = _same_text(tables, row["text_id"], (request_file, row_number))
    return WholeText(
        line=line,
        text=row["input_text"] or "",
        original_text=row["original_text"],
        rationale=row["rationale"],
        class_name=line.class_name,
        raw_class=row["raw_class"],
        error=row["error"],
        expected_class=row["expected_class"],
        text_id=row["text_id"],
        model_id=row["model_id"],
        prompt_version=row["prompt_version"],
        answered_at=row["answered_at"],
        corrected_by=row["corrected_by"],
        why=row["why"],
        own=tuple(orjson.loads(row["attributes"] or "{}").items()),
        same_text=same,
        same_texts=number,
    )


def _same_text(
    tables: PromptTables, text_id: str | None, itself: tuple[str, int]
) -> tuple[tuple[tuple[str, int, str], ...], int]:
    if text_id is None:
        return (), 0
    rows = tables.query(
        f"""select request_file, row_number, record_id, count(*) over () as number
        from {tables.name()} where text_id = {literal(text_id)}
        order by request_file desc, row_number limit {_MOST_SAME_TEXTS + 1}"""
    )
    others = [
        (row["request_file"], int(row["row_number"]), row["record_id"])
        for row in rows
        if (row["request_file"], int(row["row_number"])) != itself
    ]
    return tuple(others[:_MOST_SAME_TEXTS]), max(int(rows[0]["number"]) - 1, 0) if rows else 0


@contextmanager
def downloaded_rows(tables: PromptTables, selection: Selection) -> Iterator[Iterator[pa.RecordBatch]]:
    """The selected rows with the columns `DOWNLOADED`, at most `MOST_DOWNLOADED`, as a stream; raises ClassifierError."""
    sql = f"""
        select answered.record_id as "id", answered.input_text, {HOLDING_CLASS} as "class", answered.rationale,
            answered.status, {MODEL_CLASS_WHERE_CORRECTED} as model_class, answered.request_file,
            cast({day_in_sql(tables)} as varchar) as "day", answered.confidence,
            {column_in_sql("doubt", "double")} as doubt, {column_in_sql("source", "varchar")} as "source",
            held.who as corrected_by, answered.attributes, answered.error as note
        from {tables.answered_and_held()} where {condition(tables, selection)} limit {MOST_DOWNLOADED}
    """
    with tables.warehouse.stream(tables.prompt.name, sql) as batches:
        yield batches
