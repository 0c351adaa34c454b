"""Rows of a small table, for tests of what is written and read."""

import pyarrow as pa

from batch_classifier.warehouse.tables import CATEGORY_SUMMARY

FILE = 'it\'s "new" 100%/日本.csv'


def batch(classes: list[str], request_file: str = FILE) -> pa.RecordBatch:
    rows = [{"request_file": request_file, "class": name, "requests": number} for number, name in enumerate(classes)]
    return pa.RecordBatch.from_pylist(rows, schema=CATEGORY_SUMMARY.schema)
