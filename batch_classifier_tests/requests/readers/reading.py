"""How the tests of all readers read: what holds for every file is checked on the way."""

import io

import pyarrow as pa
import pytest

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.formats import Rows, read_rows

Row = tuple[dict[str, str | None], str | None]


def read_blocks(content: bytes, name: str) -> list[Rows]:
    """Read a file and check what holds for every file: rows are numbered from 1 on, and blocks are small and whole."""
    blocks = list(read_rows(io.BytesIO(content), name))
    numbers = [number for block in blocks for number in block.row_numbers.to_pylist()]
    assert numbers == list(range(1, len(numbers) + 1))
    for block in blocks:
        assert len(block.row_numbers) == block.cells.num_rows == len(block.problems) <= 2_000
        assert all(field.type == pa.string() for field in block.cells.schema)
        assert len(set(block.cells.schema.names)) == block.cells.num_columns
        block.cells.validate(full=True)
    return blocks


def read(content: bytes, name: str) -> list[Row]:
    """Return the rows of a file as cells and problem."""
    return [
        row
        for block in read_blocks(content, name)
        for row in zip(block.cells.to_pylist(), block.problems.to_pylist(), strict=True)
    ]


def refusal(content: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """Return the sentence with which a file is refused, after checking that it is one and names the file."""
    with pytest.raises(UnreadableFile) as caught:
        list(read_rows(io.BytesIO(content), name, limits))
    message = str(caught.value)
    assert f"'{name}'" in message and message.endswith(".") and "\n" not in message and "Traceback" not in message
    return message
