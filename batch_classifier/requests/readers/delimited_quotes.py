"""Quotes in delimited files that do not belong together, and the rows that vanish between them.

A quoted cell ends with a quote before a delimiter or a line end, and a quote inside it is doubled (RFC 4180). Where a cell's text starts with
a quote that nobody closes (`2,"inch`), it ends at the next quote in the file, with all rows before that inside it. Two things tell:
the quote that closes it stands before something else; or what it holds are rows of the file. For the latter it does not suffice that each
line has as many cells as the header, as lines of a letter have: some column must go on through them as in the rows around.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from batch_classifier.requests.readers.delimited_layout import LONGEST_LABEL, NO_DELIMITER, Layout

LINE_END = re.compile(r"\r\n|\r|\n")
# Blanks between the closing quote and the delimiter do no harm.
BLANKS = " \t"
_TWO_LINES = re.compile(r"([^\r\n]*+)(?:\r\n|\r|\n)([^\r\n]*+)")
_WITHIN_QUOTES = re.compile(r'[^"]*+(?:""[^"]*+)*+')
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MIXED_CODE = re.compile(r"[A-Za-z0-9]+(?:[-_.:][A-Za-z0-9]+)*")
_LEAST_MIXED_CODE = 6
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# Of lines that each have a larger number than the one before, so many are rows though there are gaps between the numbers.
_LINES_WITH_GAPS = 3


def record_pattern(delimiter: str) -> "re.Pattern[str]":
    """What a record must match as a whole, without its line end, so that every quoted cell in it closes where it should."""
    blanks = BLANKS.replace(delimiter, "")
    cut = re.escape(delimiter)
    cell = rf'(?>"[^"]*+(?:""[^"]*+)*+"[{blanks}]*+|[^{cut}"][^{cut}]*+|)'
    return re.compile(rf"{cell}(?:{cut}{cell})*+")


@dataclass(frozen=True)
class HeldLines:
    """The lines of a record with a quoted cell, each cut at the delimiters as if it were a row.

    Attributes:
        opening: the first line's cells, of which the last is the one that the quote opens.
        middle: the cells of the lines that are within the quotes as a whole.
        closing: the last line's cells before the one in which the quote closes: what comes after belongs to the record anyway.
    """

    opening: list[str]
    middle: list[list[str]]
    closing: list[str]

    def column(self, place: int) -> list[str]:
        """What the lines behind the first have in a column, as far as the quote holds it."""
        return [row[place] for row in (*self.middle, self.closing) if place < len(row)]


def lines_like_rows(record: str, layout: Layout) -> HeldLines | None:
    """The lines of a record, if each has as many cells as the header, as rows of the file would; None for others."""
    size = len(layout.names)
    if layout.delimiter == NO_DELIMITER or size < 2:
        return None
    start = _TWO_LINES.match(record)
    # Most cells of several lines are settled here.
    if start is None or min(line.count(layout.delimiter) for line in start.groups()) < size - 1:
        return None
    first, *inner = LINE_END.split(record)
    opening = cells_of(first, layout)
    rows = [cells_of(line, layout) for line in inner]
    closing_quote = _WITHIN_QUOTES.match(inner[-1])
    # It matches any line, if only with nothing.
    closing_at = 0 if closing_quote is None else closing_quote.end()
    closing = inner[-1][:closing_at].split(layout.delimiter)[:-1]
    # People put a blank behind a comma, programs don't; and the quote closes in the column where it opens.
    if (
        any(len(row) != size or any(cell[:1] == " " for cell in row[1:]) for row in rows)
        or len(closing) != len(opening) - 1
    ):
        return None
    if any(not _WITHIN_QUOTES.fullmatch(line) for line in inner[:-1]):
        return None
    return HeldLines(opening, rows[:-1], closing)


def may_hold_rows(record: str, layout: Layout) -> bool:
    """Tell whether a record's quoted cell may hold rows of the file, before the rows around it are known."""
    held = lines_like_rows(record, layout)
    return held is not None and (
        _repeat_what_is_known(held, layout)
        or _go_on(None, held, None)
        or _are_long_numbers(held, [])
        or _go_on_behind([], held, [])
    )


def holds_rows(before: Sequence[str | None], record: str, next_line: str, layout: Layout) -> bool:
    """Tell whether a record's quoted cell holds rows of the file.

    `before` are the cells of the last row that fits the header, and `next_line` is the line after the record; empty where there is none.
    """
    held = lines_like_rows(record, layout)
    if held is None:
        return False
    following = cells_of(next_line, layout)
    after_fits = len(following) == len(layout.names)
    after = _number(following[0]) if after_fits else None
    first = _number(before[0]) if before else None
    if _repeat_what_is_known(held, layout):
        return True
    around = [before[0] or ""] if before else []
    around += following[:1] if after_fits else []
    if around and _are_long_numbers(held, around):
        return True
    if _go_on_behind(before, held, following if after_fits else []):
        return True
    return (first is not None or after is not None) and _go_on(first, held, after)


def _repeat_what_is_known(held: HeldLines, layout: Layout) -> bool:
    """Tell whether some column has codes or labels through all of the lines."""
    opened = len(held.opening) - 1
    for place in range(len(layout.names)):
        column = held.column(place)
        values = [*held.opening[place : place + 1], *column]
        if place < opened and (_are_codes(values) or _are_addresses(values)):
            return True
        if place != opened and place < len(layout.repeated) and column and layout.repeated[place].issuperset(column):
            return True
    return False


def cells_of(line: str, layout: Layout) -> list[str]:
    """The cells of a line by itself, whatever its quotes."""
    return next(csv.reader([line.rstrip("\r\n")], delimiter=layout.delimiter), [])


def _are_codes(values: list[str]) -> bool:
    """Tell whether these are different codes of one make, such as A-1001 and A-1002; a plain number is too little to tell."""
    shapes = {re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value)) for value in values}
    if len(shapes) > 1:
        return _are_mixed_codes(values, shapes)
    shape = shapes.pop()
    return (
        4 <= len(shape) <= LONGEST_LABEL
        and "9" in shape
        and shape.strip("9") != ""
        and not any(character.isspace() for character in shape)
        and len(set(values)) == len(values)
    )


def _are_mixed_codes(values: list[str], shapes: set[str]) -> bool:
    """The same for codes with a letter where others have a digit, such as UUIDs: all of one length, with a digit in each."""
    frames = {re.sub("[a9]", "x", shape) for shape in shapes}
    return (
        len(frames) == 1
        and _LEAST_MIXED_CODE <= len(values[0]) <= LONGEST_LABEL
        and all(_MIXED_CODE.fullmatch(value) and "9" in re.sub(r"\d", "9", value) for value in values)
        and len(set(values)) == len(values)
    )


def _go_on_behind(before: Sequence[str | None], held: HeldLines, after: Sequence[str | None]) -> bool:
    """Tell whether some column behind the one with the quote has numbers that go on through the lines, and around them.

    The first and the last line's own are not known: they are within the cell, or behind it.
    """
    for place in range(len(held.opening), min((len(row) for row in held.middle), default=0)):
        values = [row[place] for row in held.middle]
        known = [_number(value) for value in (*before[place : place + 1], *values, *after[place : place + 1])]
        numbers = [number for number in known if number is not None]
        if len(values) < 2 or len(numbers) < len(known):
            continue
        steps = [right - left for left, right in pairwise(numbers)]
        if all(step > 0 for step in steps) or all(step < 0 for step in steps):
            return True
    return False


def _go_on(before: Decimal | None, held: HeldLines, after: Decimal | None) -> bool:
    """Tell whether the first column's numbers go on through the lines, and from the row before or to the row after where known."""
    numbers = [_number(value) for value in (held.opening[0], *held.column(0))]
    known = [number for number in numbers if number is not None]
    if len(held.opening) < 2 or len(known) < len(numbers):
        return False
    steps = [right - left for left, right in pairwise(known if after is None else [*known, after])]
    # The newest row may come first as well as last.
    if not all(step > 0 for step in steps) and not all(step < 0 for step in steps):
        return False
    if after is None:
        # At the end of the file the row before must lead to the record as the record leads on.
        return before is None or len({known[0] - before, *steps}) == 1
    return len(set(steps)) == 1 or len(known) > _LINES_WITH_GAPS


def _are_addresses(values: list[str]) -> bool:
    """Tell whether these are different e-mail addresses."""
    return len(set(values)) == len(values) and all(_ADDRESS.fullmatch(value) for value in values)


def _are_long_numbers(held: HeldLines, around: list[str]) -> bool:
    """Tell whether the first column has different numbers of about as many digits in all lines and in the rows around, in any order.

    Years also begin the lines of a text, and so do numbers of one or two digits.
    """
    inside = held.column(0)
    values = [*around, held.opening[0], *inside]
    digits = {len(value) for value in values}
    # Of few lines that differ in it, some are those of a text.
    most_differing = 0 if len(inside) < _LINES_WITH_GAPS else 1
    return (
        len(held.opening) > 1
        and len(inside) > 1
        and min(digits) > 2
        and max(digits) - min(digits) <= most_differing
        and len(set(values)) == len(values)
        and all(value.isascii() and value.isdigit() for value in values)
        and not all(value[:2] in ("19", "20") and len(value) == 4 for value in inside)
    )


def _number(value: str | None) -> Decimal | None:
    return Decimal(value) if value and len(value) < 19 and _NUMBER.fullmatch(value) else None
