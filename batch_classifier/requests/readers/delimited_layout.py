"""The layout of a delimited file: its delimiter, the names of its columns, and where its data begin."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.encoding import Utf8Stream
from batch_classifier.requests.readers.rows import check_width, is_blank, unique_names

DELIMITERS = (",", ";", "\t", "|")
# What a file of one column is cut at: a character that does not occur in it, so that its commas stay in the text.
NO_DELIMITER = "\x1f"
HEAD_BYTES = 1 << 18
# Of the csv module, which knows one limit for the whole process.
LONGEST_FIELD = 1 << 25
_SAMPLE = 50
_MOST_ROWS_LOOKED_AT = 1_000
LONGEST_LABEL = 60
_EXCEL_HINT = re.compile(r"sep=([^\w\s\"\x00-\x1f\x7f]|\t)[\r\n]+", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """What a delimited file's start shows.

    Attributes:
        names: the columns' names.
        delimiter: one character; `NO_DELIMITER` for a file of one column.
        data_offset: the place of the first byte after the header, as UTF-8.
        repeated: for each column, short values that several of the first rows have, as those of a label.
    """

    names: list[str]
    delimiter: str
    data_offset: int
    repeated: tuple[frozenset[str], ...] = ()


def find_layout(file: BinaryIO, name: str, limits: Limits = DEFAULT_LIMITS) -> Layout:
    """Return the layout of a delimited file, as its header and first rows show it.

    The delimiter is the one of comma, semicolon, tab and bar by which most of the first rows have as many cells as the
    header; a first line `sep=;`, as Excel writes it, settles it. In files named `.tsv` it is the tab.

    Raises:
        UnreadableFile: the file is empty or blank, is not text, or its header has a quote that never closes.
    """
    stream = Utf8Stream(file, name, limits=limits)
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    is_whole = not stream.read(1)
    text = head.decode("utf-8", "ignore")
    if not text.strip():
        raise UnreadableFile(f"'{name}' is empty: put a header and at least one row in it.")
    hint = _EXCEL_HINT.match(text)
    start = hint.end() if hint else 0
    if hint:
        delimiter = hint[1]
    elif name.lower().removesuffix(".gz").endswith(".tsv"):
        delimiter = "\t"
    else:
        delimiter = _find_delimiter(text, is_whole)
    records = _records(text[start:], delimiter)
    header, end = next(records, ([""], 0))
    if end == len(text) - start and (not is_whole or "\n" in header[-1] or "\r" in header[-1]):
        raise UnreadableFile(f"'{name}' has a header that never ends: close its quotes, and keep it on the first line.")
    check_width(len(header), name)
    repeated = _repeated_values((cells for cells, _ in islice(records, _MOST_ROWS_LOOKED_AT)), len(header))
    return Layout(unique_names(header), delimiter, len(text[: start + end].encode()), repeated)


def _repeated_values(rows: Iterable[list[str]], size: int) -> tuple[frozenset[str], ...]:
    counts: list[Counter[str]] = [Counter() for _ in range(size)]
    for cells in rows:
        if len(cells) == size:
            for value, count in zip(cells, counts, strict=True):
                if 0 < len(value) <= LONGEST_LABEL:
                    count[value] += 1
    return tuple(frozenset(value for value, times in count.items() if times > 1) for count in counts)


def _find_delimiter(text: str, is_whole: bool) -> str:
    """Return the delimiter by which most of the first rows have as many cells as the header."""
    best: tuple[float, int, int, int] = (0.0, 0, 0, 0)
    chosen = NO_DELIMITER
    for delimiter in DELIMITERS:
        sample = list(islice(_records(text, delimiter), _SAMPLE))
        # The last record may be cut; a header that fills the whole head is judged all the same, and refused later.
        records = [cells for row, (cells, end) in enumerate(sample) if row == 0 or is_whole or end < len(text)]
        if not records or len(records[0]) < 2:
            continue
        header, *rows = records
        agreement = sum(len(row) == len(header) for row in rows) / len(rows) if rows else 1.0
        in_sentence = sum(cell.startswith(" ") for cell in header[1:])
        is_sentence = in_sentence == len(header) - 1 and any(cell.strip().count(" ") > 1 for cell in header)
        # "Please, tell us more" is the header of one column, unless the rows have two cells as well.
        if is_sentence and agreement < 0.5:
            continue
        # A delimiter within quotes is none: it leaves the opening quote in one cell and the closing one in another.
        torn = sum(cell.count('"') % 2 for cell in header)
        score = (agreement, -torn, -in_sentence, len(header))
        if chosen == NO_DELIMITER or score > best:
            best, chosen = score, delimiter
    return chosen


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each record that is not blank, and the place in the text where it ends."""
    csv.field_size_limit(LONGEST_FIELD)
    lines = io.StringIO(text, newline="")
    place = 0

    def counted() -> Iterator[str]:
        nonlocal place
        for line in lines:
            place += len(line)
            yield line

    for cells in csv.reader(counted(), delimiter=delimiter):
        if not is_blank(cells):
            yield cells, place


def fit_cells(cells: list[str], layout: Layout) -> tuple[list[str | None], str | None]:
    """Return as many cells as the header has, and what is wrong when the row had more or less.

    Empty cells too many at the end of a row, as some exports have them, are not wrong. Missing cells are None.
    """
    expected = len(layout.names)
    if layout.delimiter == NO_DELIMITER:
        return [NO_DELIMITER.join(cells)], None
    if len(cells) == expected or (len(cells) > expected and is_blank(cells[expected:])):
        return list(cells[:expected]), None
    missing: list[str | None] = [None] * (expected - len(cells))
    count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    return [*cells[:expected], *missing], f"has {count} where the header has {expected}"
