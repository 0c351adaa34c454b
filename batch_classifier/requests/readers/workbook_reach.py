"""How far the cells of an XLSX sheet reach, by their own references.

calamine makes a cell of the whole rectangle around a sheet's cells: one in the last corner would take 549 GB.
"""

import re
from collections.abc import Iterator
from typing import IO

from batch_classifier.errors import UnreadableFile

# 32 bytes each.
MOST_CELLS = 20_000_000
_READ_BYTES = 1 << 20
_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
# The same, three times as fast, for cells as almost every program writes them; nothing but the tag for those of others.
_USUAL_CELL = re.compile(rb"<c(?: r=\"([A-Z]{1,3})(\d{1,7})\"|[\s/>])|<\w+:c[\s/>]")
_ROW = re.compile(rb"<(?:\w+:)?row\s(?:[^<>]*?\s)?r\s*=\s*[\"'](\d{1,7})[\"']")


def check_reach(sheet: bytes, name: str) -> None:
    """Raise UnreadableFile when the cells of this part of a sheet reach too far to be held in memory."""
    _check([sheet], name)


def check_reach_of_member(member: IO[bytes], name: str) -> None:
    """Raise UnreadableFile when the cells of this sheet reach too far; the sheet is unpacked a megabyte at a time."""
    _check(_cut_before_tags(member), name)


def _cut_before_tags(member: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while data := member.read(_READ_BYTES):
        # What is behind the last tag's start is text, or a tag that goes on.
        start = data.rfind(b"<")
        if start < 0 and len(rest) < _READ_BYTES:
            rest += data
            continue
        yield rest + data[: max(start, 0)]
        rest = data[max(start, 0) :]
    yield rest


def _check(parts: Iterator[bytes] | list[bytes], name: str) -> None:
    columns: set[bytes] = set()
    first_row, last_row = 1 << 30, 0
    for part in parts:
        cells = _USUAL_CELL.findall(part)
        references = set(cells)
        is_each_found = True
        if (b"", b"") in references:
            found = _CELL.findall(part)
            references, is_each_found = set(found), len(found) == len(cells)
        columns.update(letters for letters, _ in references)
        rows = {int(row) for _, row in references}
        if not is_each_found:
            # A cell without a reference is in its row's place, or behind the one before it.
            rows.update({1, *map(int, _ROW.findall(part))})
            columns.add(b"A")
        if not rows:
            continue
        first_row, last_row = min(first_row, *rows), max(last_row, *rows)
        numbers = sorted(map(_column_number, columns))
        if (last_row - first_row + 1) * (numbers[-1] - numbers[0] + 1) > MOST_CELLS:
            raise UnreadableFile(
                f"'{name}' has a sheet that reaches from {_letters(numbers[0])}{first_row} to "
                f"{_letters(numbers[-1])}{last_row}: delete what is far away from the table, or save it as CSV."
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(65 + place) + letters
    return letters
