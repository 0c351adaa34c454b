"""A result file without some of its rows, format by format: what stays is written as it was."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

Row = Mapping[str, Any]
IsUnwanted = Callable[[Row], bool]
_LONGEST_FIELD = 1 << 30


def from_csv(source: BinaryIO, target: BinaryIO, is_unwanted: IsUnwanted) -> int:
    """Copy a CSV of ours, byte by byte, but for the unwanted rows; returns how many these were. Nothing of it when it is not ours."""
    csv.field_size_limit(_LONGEST_FIELD)
    records = _records(source)
    header = next(records, b"")
    target.write(header)
    names = _cells(header.decode("utf-8-sig"))
    removed = 0
    for record in records:
        if is_unwanted(dict(zip(names, _cells(record.decode()), strict=False))):
            removed += 1
        else:
            target.write(record)
    return removed


def _records(source: BinaryIO) -> Iterator[bytes]:
    """The records with their line ends; a line that ends inside a quoted cell goes on in the next."""
    held: list[bytes] = []
    quotes = 0
    for line in source:
        held.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            yield b"".join(held)
            held, quotes = [], 0
    if held:
        yield b"".join(held)


def _cells(record: str) -> list[str]:
    return next(csv.reader(io.StringIO(record, newline="")), [])


def from_json(source: BinaryIO, target: BinaryIO, is_unwanted: IsUnwanted) -> int:
    """The same for a JSON file, which has a row a line; raises ValueError for one that has not."""
    import orjson

    removed = written = 0
    if source.readline().strip() not in (b"[", b"[]"):
        raise ValueError("the first line is not the beginning of an array")
    target.write(b"[")
    for line in source:
        content = line.strip().rstrip(b",")
        if content in (b"]", b""):
            continue
        row = orjson.loads(content)
        if not isinstance(row, dict):
            raise ValueError("a line is not an object")
        if is_unwanted(row):
            removed += 1
            continue
        target.write((b",\n" if written else b"\n") + content)
        written += 1
    target.write(b"\n]\n")
    return removed


def from_xlsx(source: BinaryIO, target: BinaryIO, is_unwanted: IsUnwanted) -> int:
    """The same for a workbook, row by row; what was a text stays one, and its summary counts the rows that are left."""
    from openpyxl import load_workbook

    from batch_classifier.results.xlsx_rewriting import OwnWorkbook

    workbook = load_workbook(source, read_only=True)
    try:
        return OwnWorkbook(workbook).write_without(is_unwanted, target)
    finally:
        workbook.close()


def from_parquet(source: BinaryIO, target: BinaryIO, is_unwanted: IsUnwanted) -> int:
    """The same for Parquet, a row group's piece at a time."""
    import pyarrow as pa
    import pyarrow.parquet

    removed = 0
    with pa.parquet.ParquetFile(source, pre_buffer=False) as file:
        with pa.parquet.ParquetWriter(target, file.schema_arrow, compression="zstd") as writer:
            for batch in file.iter_batches(2_000, use_threads=False):
                mask = [not is_unwanted(row) for row in batch.to_pylist()]
                removed += mask.count(False)
                writer.write_batch(batch.filter(pa.array(mask, pa.bool_())))
    return removed


REMOVERS: Mapping[str, Callable[[BinaryIO, BinaryIO, IsUnwanted], int]] = {
    "csv": from_csv,
    "json": from_json,
    "xlsx": from_xlsx,
    "parquet": from_parquet,
}
