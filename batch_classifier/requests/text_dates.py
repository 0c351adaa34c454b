"""The day that a text is from, read from a column of the request file: ISO 8601 and the forms that people and programs write.

Nothing is guessed. A date that may be two days is not read unless the prompt says which part comes first, nor is a year of two digits.
Of a time the day counts as it is written, whatever the zone.
"""

import datetime
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import pyarrow as pa

from batch_classifier.warehouse.column import DAY

Order = Literal["day_first", "month_first"]

NO_COLUMN = "has no column of the name in input.date"
NO_DATE = "has no date"
UNREADABLE = "has a date that cannot be read"
NO_SUCH_DAY = "has a date that no calendar has"
AMBIGUOUS = "has a date that may be two days; say in input.date_order which part comes first"
SHORT_YEAR = "has a date whose year has two digits"

_LONGEST = 100
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +)?"
_CLOCK = r"(?:\d{1,2}(?::\d{2}){1,2}(?:[.,]\d+)?|\d{4}(?:\d{2})?|\d{1,2}(?= ?[ap]))(?: ?[ap]\.?m\.?)?"
_ZONE = r"(?: ?(?:[a-z]{1,5}|[+-]\d{2}(?::?\d{2})?))?(?: ?\([a-z ]+\))?"
_TIME = rf"(?:(?:t|,? ){_CLOCK}{_ZONE})?"
_FORMS = [
    re.compile(_WEEKDAY + form + _TIME, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4})",
        r"(?P<one>\d{1,2})(?P<sign>[-/])(?P<other>\d{1,2})(?P=sign)(?P<year>\d{4})",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{_MONTH},?[ -](?P<year>\d{{4}})",
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
    )
]
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.] ?\d{1,2}[-/.] ?'?\d{2}" + _TIME, re.IGNORECASE)


@dataclass(frozen=True)
class DatesOfTexts:
    """The days of some rows, and where there is none, why."""

    dates: pa.Date32Array
    problems: pa.StringArray


@dataclass
class TextDates:
    """Reads the dates of a request file, and counts what cannot be read.

    Attributes:
        column: the column that the prompt names; None where texts have no dates of their own.
        order: what comes first in 3/4/2026.
        problems: how many rows have no date, by reason.
    """

    column: str | None
    order: Order | None = None
    problems: Counter[str] = field(default_factory=Counter)

    def of(self, cells: pa.StringArray | None, rows: int) -> DatesOfTexts:
        """The dates in the cells of so many rows; None for rows of a sheet or file without the column."""
        if self.column is None:
            return DatesOfTexts(pa.nulls(rows, DAY), pa.nulls(rows, pa.string()))
        read: list[datetime.date | str] = [NO_COLUMN] * rows
        if cells is not None:
            values = (value or "" for value in cells.to_pylist())
            # What is that long is no date, and is not kept to be compared with others.
            read = [_read(value, self.order) if len(value) <= _LONGEST else UNREADABLE for value in values]
        problems = [one if isinstance(one, str) else None for one in read]
        self.problems.update(problem for problem in problems if problem)
        return DatesOfTexts(
            pa.array([None if isinstance(one, str) else one for one in read], DAY), pa.array(problems, pa.string())
        )


# A file has few days, and many rows of each.
@lru_cache(maxsize=10_000)
def _read(cell: str, order: Order | None) -> datetime.date | str:
    return read_date(cell, order)


def read_date(cell: str, order: Order | None = None) -> datetime.date | str:
    """The day that a cell says, or the reason why there is none."""
    text = " ".join(cell.split())
    if not text:
        return NO_DATE
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _day(found.groupdict(), order)
    return SHORT_YEAR if _SHORT_YEAR.fullmatch(text) else UNREADABLE


def _day(parts: dict[str, str | None], order: Order | None) -> datetime.date | str:
    year = int(parts["year"] or 0)
    if (name := parts.get("name")) is not None:
        day, month = int(parts["day"] or 0), _MONTHS.index(name[:3].lower()) + 1
    elif (one := parts.get("one")) is not None:
        first, second = int(one), int(parts["other"] or 0)
        if order is None and first != second and first <= 12 and second <= 12:
            return AMBIGUOUS
        # Where the prompt does not say, only one of the two can be a month.
        is_month_first = order == "month_first" or (order is None and second > 12)
        month, day = (first, second) if is_month_first else (second, first)
    else:
        month, day = int(parts["month"] or 0), int(parts["day"] or 0)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return NO_SUCH_DAY
