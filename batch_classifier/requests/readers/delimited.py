"""CSV and TSV files: the fast reader as far as it goes, and the slow one for the rest."""

from collections.abc import Iterator
from typing import BinaryIO

from batch_classifier.limits import Limits
from batch_classifier.requests.readers.delimited_fast import FastReadingStops, read_fast
from batch_classifier.requests.readers.delimited_layout import find_layout
from batch_classifier.requests.readers.delimited_slow import read_slowly
from batch_classifier.requests.readers.rows import Block


def read_delimited(file: BinaryIO, name: str, limits: Limits) -> Iterator[Block]:
    """Yield the rows of a delimited file in order, each once.

    Raises:
        UnreadableFile: the file is empty, not text, damaged, or its header can't be made out.
    """
    layout = find_layout(file, name, limits)
    done = 0
    try:
        for block in read_fast(file, name, layout, limits):
            yield block
            done += block.cells.num_rows
        return
    except FastReadingStops:
        pass
    # Both readers see the same rows, so those that are done are passed over from the start of the file.
    for block in read_slowly(file, name, layout, limits):
        size = block.cells.num_rows
        if done < size:
            yield block.slice(done)
        done = max(0, done - size)
