"""Request files in every format, written with other libraries than those that read them where there are any."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

# Every character that a name on a disk or in a bucket may have.
REQUEST_FILE_NAMES = [
    "plain.csv",
    "with space.csv",
    'it\'s "quoted".csv',
    "100% & more; #1?.csv",
    "März 日本 \U0001f600.csv",
    "UPPER.CSV",
    "a/b/c/deep.json",
    "dots...and.dots.csv",
    "-dash.csv",
    "a=b,c+d.csv",
]


def file_of(rows: Sequence[str | Mapping[str, Any]], suffix: str) -> bytes:
    """A request file in the format of a suffix, written with other libraries than those that read it where there are any."""
    dicts = [
        {"id": f"R{number}", "text": row} if isinstance(row, str) else dict(row) for number, row in enumerate(rows)
    ]
    if suffix == ".csv":
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(dict.fromkeys(key for row in dicts for key in row)))
        writer.writeheader()
        writer.writerows(dicts)
        return out.getvalue().encode()
    if suffix == ".json":
        return json.dumps(dicts).encode()
    if suffix == ".jsonl":
        return b"".join(json.dumps(row).encode() + b"\n" for row in dicts)
    if suffix == ".xlsx":
        return workbook({"Sheet1": dicts})
    if suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet

        buffer = io.BytesIO()
        pyarrow.parquet.write_table(pa.Table.from_pylist(dicts), buffer)
        return buffer.getvalue()
    raise ValueError(suffix)


def workbook(sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """An XLSX workbook with these sheets."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
