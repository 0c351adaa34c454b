"""Result files as programs other than ours read them."""

import csv
import io
import json
from typing import Any

import openpyxl


def result_rows(format: str, content: bytes) -> list[list[Any]]:
    """The header and the rows of a result file."""
    if format == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if format == "json":
        objects = json.loads(content)
        return [list(objects[0]), *(list(row.values()) for row in objects)]
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for sheet in workbook for row in sheet.iter_rows()]
