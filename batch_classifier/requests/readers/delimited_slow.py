"""Delimited files by Python's csv module: several times slower, and at a loss nowhere.

A quote that never closes would take the rest of the file into one cell, and one that closes at the next stray quote all rows up to that. Here its row ends with its line, as a row with a
problem, and the next line starts a new row. A quote counts as never closed when the file ends before its row does, or when the
row has more characters than the limits allow a cell bytes.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.delimited_layout import LONGEST_FIELD, NO_DELIMITER, Layout, fit_cells
from batch_classifier.requests.readers.delimited_quotes import cells_of, holds_rows, record_pattern
from batch_classifier.requests.readers.encoding import open_text
from batch_classifier.requests.readers.rows import Block, BlockBuilder, is_blank

# Each of them makes the lines after it be read a second time.
MOST_OPEN_QUOTES = 100
OPEN_QUOTE = "has a quote that never closes"
LONE_QUOTE = "has a quote inside a quoted cell that is not doubled"
BETWEEN_QUOTES = "stands behind a quote that never closes, among lines that do not fit the header"
# Of the lines behind a stray quote, so many must fit the header, or the text that it opens has quotes that are not doubled.
_FITTING_SHARE = 0.9


class _QuoteNeverCloses(Exception):
    """The row that is being read does not end."""


def read_slowly(file: BinaryIO, name: str, layout: Layout, limits: Limits = DEFAULT_LIMITS) -> Iterator[Block]:
    """Yield the rows of a delimited file in order.

    Raises:
        UnreadableFile: the compressed file is damaged or cut off, a line is longer than a cell may be, or more
            than `MOST_OPEN_QUOTES` quotes never close.
    """
    builder = BlockBuilder(layout.names)
    for cells, problem in _Records(_Lines(file, name, layout, limits), layout, name):
        if problem is None and is_blank(cells):
            continue
        fitted, misfit = fit_cells(cells, layout)
        builder.add(dict(zip(layout.names, fitted, strict=True)), problem or misfit)
        if builder.is_full:
            yield builder.take()
    if len(builder):
        yield builder.take()


class _Lines:
    """The lines of the data, which remembers those of the current row and can give them out anew."""

    def __init__(self, file: BinaryIO, name: str, layout: Layout, limits: Limits) -> None:
        self._name = name
        self._text = open_text(file, name, layout.data_offset, limits)
        self.longest_row = limits.cell_bytes
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._row_length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(self.longest_row)
        self._row_length += len(line)
        if self._row and (not line or self._row_length > self.longest_row):
            self._again.appendleft(line)
            raise _QuoteNeverCloses
        if not line:
            raise StopIteration
        if len(line) == self.longest_row:
            raise UnreadableFile(
                f"'{self._name}' has a line of more than {self.longest_row:,} characters: check that it is a delimited file, "
                "or raise BATCH_CLASSIFIER_MAX_CELL_BYTES."
            )
        self._row.append(line)
        return line

    def start_row(self) -> None:
        """Forget the lines given out so far: a row ends here."""
        self._row.clear()
        self._row_length = 0

    @property
    def row(self) -> list[str]:
        """The lines of the current row."""
        return self._row

    def peek(self) -> str:
        """The line after the current row; empty at the end."""
        if not self._again:
            self._again.append(self._text.readline(self.longest_row))
        return self._again[0]

    def give_back(self) -> str:
        """Return the first line of the current row, and give out those after it anew."""
        first, *others = self._row
        self._again.extendleft(reversed(others))
        self.start_row()
        return first


class _Records:
    """The rows as cells, and what is wrong with their quotes."""

    def __init__(self, lines: _Lines, layout: Layout, name: str) -> None:
        self._lines = lines
        self._layout = layout
        self._name = name
        self._pattern = record_pattern(layout.delimiter)
        self._last: list[str] = []
        self._open_quotes = 0
        # Lines to come that stand between quotes which nobody can tell the meaning of.
        self._doubtful = 0

    def __iter__(self) -> Iterator[tuple[list[str], str | None]]:
        csv.field_size_limit(max(self._lines.longest_row, LONGEST_FIELD))
        reader = self._reader()
        while True:
            self._lines.start_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except _QuoteNeverCloses:
                self._count_open_quote()
                yield self._first_line(), OPEN_QUOTE
                reader = self._reader()
                continue
            row = self._lines.row
            if len(row) == 1:
                yield cells, self._problem_of_line(cells, row[0])
            elif self._is_stray(row):
                self._doubtful = max(0, self._doubtful - 1, 0 if self._fits(row[1:]) else len(row) - 1)
                yield self._first_line(), OPEN_QUOTE
            else:
                yield cells, self._problem(cells, len(row))

    def _reader(self) -> "Iterator[list[str]]":
        return csv.reader(self._lines, delimiter=self._layout.delimiter)

    def _problem_of_line(self, cells: list[str], line: str) -> str | None:
        problem = self._problem(cells, 1)
        is_lone = '"' in line and not self._pattern.fullmatch(line.rstrip("\r\n"))
        return LONE_QUOTE if is_lone else problem

    def _problem(self, cells: list[str], lines: int) -> str | None:
        if self._doubtful:
            self._doubtful = max(0, self._doubtful - lines)
            return BETWEEN_QUOTES
        if len(cells) == len(self._layout.names):
            self._last = cells
        return None

    def _is_stray(self, row: list[str]) -> bool:
        record = "".join(row).rstrip("\r\n")
        is_closed = self._pattern.fullmatch(record)
        return not is_closed or holds_rows(self._last, record, self._lines.peek(), self._layout)

    def _fits(self, lines: list[str]) -> bool:
        size = len(self._layout.names)
        fitting = sum(len(cells_of(line, self._layout)) in (0, size) for line in lines)
        return self._layout.delimiter == NO_DELIMITER or fitting >= _FITTING_SHARE * len(lines)

    def _first_line(self) -> list[str]:
        line = self._lines.give_back().rstrip("\r\n")
        return next(csv.reader([line], delimiter=self._layout.delimiter), [])

    def _count_open_quote(self) -> None:
        self._open_quotes += 1
        if self._open_quotes > MOST_OPEN_QUOTES:
            raise UnreadableFile(
                f"'{self._name}' has more than {MOST_OPEN_QUOTES} quotes that never close: save it again with quotes inside "
                "the texts doubled."
            ) from None
