"""Delimited files by Python's csv module: several times slower, and at a loss nowhere.

A quote that never closes would take the rest of the file into one cell. Here its row ends with its line, as a row with a
problem, and the next line starts a new row. A quote counts as never closed when the file ends before its row does, or when the
row has more characters than the limits allow a cell bytes.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.delimited_layout import LONGEST_FIELD, Layout, fit_cells
from batch_classifier.requests.readers.encoding import open_text
from batch_classifier.requests.readers.rows import Block, BlockBuilder, is_blank

# Each of them makes the lines after it be read a second time.
MOST_OPEN_QUOTES = 100
OPEN_QUOTE = "has a quote that never closes"


class _QuoteNeverCloses(Exception):
    """The row that is being read does not end."""


def read_slowly(file: BinaryIO, name: str, layout: Layout, limits: Limits = DEFAULT_LIMITS) -> Iterator[Block]:
    """Yield the rows of a delimited file in order.

    Raises:
        UnreadableFile: the compressed file is damaged or cut off, a line is longer than a cell may be, or more
            than `MOST_OPEN_QUOTES` quotes never close.
    """
    builder = BlockBuilder(layout.names)
    for cells, problem in _records(_Lines(file, name, layout, limits), layout, name):
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

    def give_back(self) -> str:
        """Return the first line of the current row, and give out those after it anew."""
        first, *others = self._row
        self._again.extendleft(reversed(others))
        self.start_row()
        return first


def _records(lines: _Lines, layout: Layout, name: str) -> Iterator[tuple[list[str], str | None]]:
    """Yield the cells of each row, and a problem when its quote never closes."""
    csv.field_size_limit(max(lines.longest_row, LONGEST_FIELD))
    open_quotes = 0
    reader = csv.reader(lines, delimiter=layout.delimiter)
    while True:
        lines.start_row()
        try:
            yield next(reader), None
        except StopIteration:
            return
        except _QuoteNeverCloses:
            open_quotes += 1
            if open_quotes > MOST_OPEN_QUOTES:
                raise UnreadableFile(
                    f"'{name}' has more than {MOST_OPEN_QUOTES} quotes that never close: save it again with quotes inside "
                    "the texts doubled."
                ) from None
            line = lines.give_back().rstrip("\r\n")
            yield next(csv.reader([line], delimiter=layout.delimiter), []), OPEN_QUOTE
            reader = csv.reader(lines, delimiter=layout.delimiter)
