"""Delimited files by pyarrow's streaming reader: the fast way, which almost every file goes from end to end."""

import csv
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.delimited_layout import Layout, fit_cells
from batch_classifier.requests.readers.encoding import Utf8Stream
from batch_classifier.requests.readers.quote_watch import QuoteWatch
from batch_classifier.requests.readers.rows import Block, is_blank, without_blank_rows

BLOCK_BYTES = 1 << 20


class FastReadingStops(Exception):
    """Something is there that pyarrow cannot read right: a very long cell, or a quote that is not where it belongs."""


def read_fast(file: BinaryIO, name: str, layout: Layout, limits: Limits = DEFAULT_LIMITS) -> Iterator[Block]:
    """Yield the rows of a delimited file in order, about a megabyte at a time.

    Raises:
        FastReadingStops: the rows yielded so far are right, and what follows must be read another way.
        UnreadableFile: the compressed file is damaged or cut off.
    """
    if not layout.delimiter.isascii():
        raise FastReadingStops("pyarrow knows no such delimiter")
    # A last line that can be known again tells whether a quote is still open at the end: then it is in the last cell.
    last_line = secrets.token_hex(16)
    stream = Utf8Stream(file, name, ending=f"\n{last_line}\n".encode(), limits=limits)
    stream.skip(layout.data_offset)
    watch = QuoteWatch(layout)
    stream.watch = watch.feed
    try:
        yield from _read_blocks(stream, layout, last_line, watch)
    except pa.ArrowInvalid as error:
        # pyarrow's words quote the row.
        raise FastReadingStops from error
    finally:
        # pyarrow reads ahead in a thread of its own, which must let go of the file first.
        stream.close()


def _read_blocks(stream: Utf8Stream, layout: Layout, last_line: str, watch: QuoteWatch) -> Iterator[Block]:
    misfits: deque[tuple[int, str]] = deque()

    def keep_misfit(row: arrow_csv.InvalidRow) -> str:
        misfits.append((row.number, row.text))
        return "skip"

    merge = _Merge(layout, misfits, last_line)
    reader = _open(stream, layout, keep_misfit)
    for batch in reader:
        # The watch sees a row before pyarrow does.
        if watch.has_fault:
            raise FastReadingStops("a quote does not belong where it is")
        last_cell = batch.column(batch.num_columns - 1)[-1].as_py() if batch.num_rows else ""
        is_last = last_line in last_cell
        yield merge.block(batch.slice(0, batch.num_rows - 1) if is_last else batch)
        if is_last and last_cell != last_line:
            raise FastReadingStops("a quote never closes")
    if watch.has_fault:
        raise FastReadingStops("a quote does not belong where it is")
    yield merge.block(pa.RecordBatch.from_pylist([], schema=reader.schema))


def _open(
    stream: Utf8Stream, layout: Layout, keep_misfit: Callable[[arrow_csv.InvalidRow], str]
) -> arrow_csv.CSVStreamingReader:
    places = [str(place) for place in range(len(layout.names))]
    return arrow_csv.open_csv(
        stream,
        # With one thread pyarrow numbers the rows that don't fit, so that they can be put back in their places.
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=places),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=keep_misfit
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,
        ),
    )


class _Merge:
    """Puts the rows with too many or too few cells back between those that pyarrow read."""

    def __init__(self, layout: Layout, misfits: deque[tuple[int, str]], last_line: str) -> None:
        self._layout = layout
        self._misfits = misfits
        self._last_line = last_line
        self._fitting = 0
        self._misfitting = 0

    def block(self, batch: pa.RecordBatch) -> Block:
        """Return the batch with the misfits that belong before its end, and without blank rows."""
        order: list[int] = []
        misfits: list[tuple[list[str | None], str | None]] = []
        fitting = 0
        for place, cells in self._misfits_before(batch.num_rows):
            order += [*range(fitting, place), batch.num_rows + len(misfits)]
            misfits.append(fit_cells(cells, self._layout))
            fitting = place
        self._fitting += batch.num_rows
        names = self._layout.names
        batch = pa.RecordBatch.from_arrays(batch.columns, names=names)
        problems = pa.nulls(batch.num_rows, pa.string())
        if misfits:
            order += range(fitting, batch.num_rows)
            columns = [pa.array(column, pa.string()) for column in zip(*(cells for cells, _ in misfits), strict=True)]
            batch = pa.concat_batches([batch, pa.RecordBatch.from_arrays(columns, names=names)]).take(pa.array(order))
            problems = pa.concat_arrays([problems, pa.array([problem for _, problem in misfits], pa.string())])
            problems = problems.take(pa.array(order))
        return without_blank_rows(Block(None, batch, problems))

    def _misfits_before(self, end: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the misfits up to row `end` of the current batch: the batch's row that each stands before, its cells."""
        while self._misfits:
            number, text = self._misfits[0]
            place = number - 1 - self._misfitting - self._fitting
            if place > end:
                return
            self._misfits.popleft()
            self._misfitting += 1
            if text == self._last_line:
                continue
            if self._last_line in text:
                raise FastReadingStops("a quote never closes")
            cells = next(csv.reader([text], delimiter=self._layout.delimiter), [])
            if not is_blank(cells):
                yield place, cells
