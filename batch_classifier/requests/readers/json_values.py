"""JSON values as rows: what is an object becomes cells, what is not becomes a row with a problem."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.requests.readers.cell_text import cell_text
from batch_classifier.requests.readers.rows import (
    CELLS_AT_ONCE,
    MOST_COLUMNS,
    Block,
    BlockBuilder,
    string_array,
    unique_names,
    without_blank_rows,
)

TOO_DEEP = "is nested too deeply"


class NotJson:
    """Stands for a value that could not be read; `problem` says why, in a short phrase."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


def _integer(digits: str) -> int | Decimal:
    """Return the number as it is written: Python refuses integers of more than 4,300 digits."""
    return int(digits) if len(digits) < 1_000 else Decimal(digits)


def _fraction(digits: str) -> Decimal | str:
    """Return the number as it is written, as text where even Decimal has no place for its exponent."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits


def _constant(_: str) -> None:
    """NaN and Infinity, which are not JSON but are written by many, are missing values."""


# Control characters are let pass inside strings, and numbers keep the digits they are written with.
decoder = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_fraction, parse_constant=_constant)
KINDS: dict[type, str] = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


def read_objects(runs: Iterator[list[object]], name: str) -> Iterator[Block]:
    """Yield blocks of rows, one row for each value; the values come in runs of some at once.

    Raises:
        UnreadableFile: none of the first values is an object, so that the file is not what it should be.
    """
    builder = BlockBuilder()
    any_object = False
    try:
        for run in runs:
            any_object = any_object or any(isinstance(value, dict) for value in run)
            if (block := _block_of_alike(run)) is not None:
                if len(builder):
                    yield builder.take()
                yield block
                continue
            for value in run:
                _add(builder, value)
                if builder.is_full:
                    _check_has_object(any_object, name)
                    yield builder.take()
    except UnreadableFile:
        # The rows before the place where the file breaks off are whole.
        if len(builder) and any_object:
            yield builder.take()
        raise
    if len(builder):
        _check_has_object(any_object, name)
        yield builder.take()


def _block_of_alike(values: list[object]) -> Block | None:
    """A block of objects that all have the same keys, column by column: twice as fast as row by row; None for others."""
    first = values[0] if len(values) > 1 else None
    if not isinstance(first, dict) or not first or len(values) * len(first) > CELLS_AT_ONCE:
        return None
    objects = [value for value in values if isinstance(value, dict) and value.keys() == first.keys()]
    if len(objects) < len(values):
        return None
    names = _column_names(tuple(first))
    try:
        columns = [string_array(_cells([value[key] for value in objects])) for key in first]
    except RecursionError:
        return None
    cells = pa.RecordBatch.from_arrays(columns, names=names)
    return without_blank_rows(Block(None, cells, pa.nulls(len(values), pa.string())))


def _cells(column: list[Any]) -> list[str | None]:
    return [cell if type(cell) is str else cell_text(cell) for cell in column]


def _add(builder: BlockBuilder, value: object) -> None:
    if isinstance(value, NotJson):
        builder.add({}, value.problem)
    elif isinstance(value, dict) and len(value) > MOST_COLUMNS:
        builder.add({}, f"has more than {MOST_COLUMNS:,} keys")
    elif isinstance(value, dict):
        try:
            cells = {
                column: cell if type(cell) is str else cell_text(cell)
                for column, cell in zip(_column_names(tuple(value)), value.values(), strict=True)
            }
        except RecursionError:
            builder.add({}, TOO_DEEP)
        else:
            builder.add(cells)
    else:
        builder.add({}, f"is {KINDS.get(type(value), 'a number')} and not a JSON object")


@lru_cache(maxsize=256)
def _column_names(keys: tuple[str, ...]) -> list[str]:
    return unique_names(keys)


def _check_has_object(any_object: bool, name: str) -> None:
    if not any_object:
        raise UnreadableFile(
            f"'{name}' holds no JSON objects where its rows should be: make it an array of objects or one object a line."
        )
