"""Which columns of a request file come back in a workbook as numbers, dates or booleans, and which as text.

Tables keep a file's own columns as text, as they were read. The rule by which a column is more than that: each of its values that
becomes a number, a date or a boolean looks in the workbook as it stood in the file, so that nothing that is a name is changed.

- A number is written in digits with a decimal point (-12, 1234.5). In a column of numbers there is no value that only resembles one: with
  leading zeros (00123), more than 15 digits (Excel keeps no more), thousands separators or a decimal comma, a plus sign, an exponent.
- Zeros at the end are part of a number only where all have as many decimals (12.50, 3.00), as money has and versions (1.9, 1.10) have not.
- Where all decimals are three digits behind one to three others (1.234), they may be thousands: such a column stays text.
- A date is YYYY-MM-DD, alone or with a time of day and no time zone, from March 1900 on: Excel's days before are off by one.
- A boolean is true or false, in any case.
- More than half of a column's filled cells are of its kind; the others (n/a) stay text.
"""

import datetime
import re
from dataclasses import dataclass, field
from enum import Enum, auto

MOST_DIGITS = 15
# A column of which so many filled cells are words, and none anything else, is not looked at further.
WORDS_ENOUGH = 1_000
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_LIKE_A_NUMBER = re.compile(r"[-+]?[.,]?[0-9][0-9.,'’\s]*(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_FIRST_DAY = datetime.date(1900, 3, 1)
_BOOLEANS = {"true": True, "false": False}
# Decimals that a group of thousands has, and the most digits that stand before it.
_THOUSANDS = 3

Value = str | int | float | bool | datetime.datetime | datetime.date | None


class Kind(Enum):
    """What the cells of a column are."""

    TEXT = auto()
    NUMBER = auto()
    DATE = auto()
    BOOLEAN = auto()


@dataclass(frozen=True)
class ColumnKind:
    """What a column's cells are, and Excel's number format for those that are more than text."""

    kind: Kind = Kind.TEXT
    number_format: str = "General"

    def value(self, text: str | None) -> Value:
        """The value of a cell; text that is not of the column's kind stays text."""
        if text is None or self.kind is Kind.TEXT:
            return text
        if self.kind is Kind.NUMBER:
            found = _NUMBER.fullmatch(text)
            return text if found is None else float(text) if found[2] else int(text)
        if self.kind is Kind.BOOLEAN:
            return _BOOLEANS.get(text.casefold(), text)
        date = _date(text)
        return text if date is None else date


@dataclass
class SeenValues:
    """What a column's values have in common; `see` them all, then ask for the `kind`."""

    _words: int = 0
    _whole: int = 0
    _dates: int = 0
    _booleans: int = 0
    # Number of decimals: how many values.
    _decimals: dict[int, int] = field(default_factory=dict)
    _ends_in_zero: bool = False
    _has_point_for_sure: bool = False
    _has_time: bool = False
    _has_fraction: bool = False
    _is_text: bool = False

    def see(self, text: str | None) -> None:
        """Take a value into account; None and the empty text say nothing."""
        if self._is_text or not text:
            return
        if text[0] in "-+.,0123456789":
            self._see_digits(text)
        elif text.casefold() in _BOOLEANS:
            self._booleans += 1
        else:
            self._words += 1
            self._is_text = self._words == WORDS_ENOUGH and self._words == self._filled

    @property
    def kind(self) -> ColumnKind:
        """What the column is, by all values seen so far."""
        half = self._filled / 2
        numbers = self._whole + sum(self._decimals.values())
        if self._is_text:
            return ColumnKind()
        if numbers > half:
            return self._kind_of_numbers()
        if self._dates > half:
            time = " hh:mm:ss" + (".000" if self._has_fraction else "") if self._has_time else ""
            return ColumnKind(Kind.DATE, f"yyyy-mm-dd{time}")
        return ColumnKind(Kind.BOOLEAN) if self._booleans > half else ColumnKind()

    @property
    def _filled(self) -> int:
        return self._words + self._whole + self._dates + self._booleans + sum(self._decimals.values())

    def _see_digits(self, text: str) -> None:
        number = _NUMBER.fullmatch(text)
        if number is not None:
            self._see_number(text, number[1], number[2])
        elif _LIKE_A_NUMBER.fullmatch(text):
            self._is_text = True
        elif _date(text) is not None:
            self._dates += 1
            self._has_time = self._has_time or len(text) > len("2026-01-31")
            self._has_fraction = self._has_fraction or "." in text
        else:
            self._words += 1

    def _see_number(self, text: str, whole: str, decimals: str | None) -> None:
        if text == "-0" or len((whole + (decimals or "")).lstrip("0")) > MOST_DIGITS:
            self._is_text = True
        elif decimals is None:
            self._whole += 1
        else:
            self._decimals[len(decimals)] = self._decimals.get(len(decimals), 0) + 1
            self._ends_in_zero = self._ends_in_zero or decimals[-1] == "0"
            may_be_thousands = len(decimals) == _THOUSANDS >= len(whole) and whole != "0"
            self._has_point_for_sure = self._has_point_for_sure or not may_be_thousands

    def _kind_of_numbers(self) -> ColumnKind:
        if not self._decimals:
            # Without a format of its own, Excel shows more than 11 digits with an exponent.
            return ColumnKind(Kind.NUMBER, "0")
        if not self._has_point_for_sure:
            return ColumnKind()
        if len(self._decimals) == 1 and not self._whole:
            return ColumnKind(Kind.NUMBER, "0." + "0" * next(iter(self._decimals)))
        return ColumnKind() if self._ends_in_zero else ColumnKind(Kind.NUMBER)


def _date(text: str) -> datetime.datetime | datetime.date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.date() < _FIRST_DAY:
        return None
    return found if len(text) > len("2026-01-31") else found.date()
