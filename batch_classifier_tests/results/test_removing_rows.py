"""Rows leave result files of every format, and what stays is as it was."""

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from batch_classifier.errors import ClassifierError
from batch_classifier.results.columns import columns_of
from batch_classifier.results.forgetting import forget_results
from batch_classifier.results.formats import FORMATS, write_results
from batch_classifier.results.removing_rows import REMOVERS
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier.warehouse.wanted import KeyKind, Wanted

TEXTS = [
    'a "quoted" word,\nand, a line break',
    "=1+1",
    "hello;=2;x",
    "'mine'",
    "日本 🙂 \u2028 x",
    "",
    "\r\n\r\n",
    "plain",
]
ROWS = [
    {
        "request_file": "a.csv",
        "row_number": number,
        "record_id": "=id" if number == 1 else str(number),
        "input_text": text,
        "class": "A",
        "rationale": text,
        "status": "classified",
        "confidence": 0.25,
        "attributes": json.dumps({"team": text}),
    }
    for number, text in enumerate(TEXTS)
]


def written(format: str, rows: list[dict[str, Any]] = ROWS) -> bytes:
    """A result file of these rows; its columns are those of all."""
    batches = [pa.RecordBatch.from_pylist(some, CLASSIFICATIONS.schema) for some in (ROWS, rows)]
    if format == "parquet":
        file = io.BytesIO()
        pq.write_table(pa.table({"id": [row["record_id"] for row in rows], "input_text": TEXTS[: len(rows)]}), file)
        return file.getvalue()
    file = io.BytesIO()
    write_results(batches[1:], columns_of(batches[:1]), file, format)
    return file.getvalue()


def content_of(format: str, content: bytes) -> Any:
    """What a reader finds in the file: bytes, or what is packed in it."""
    if format == "xlsx":
        rows = load_workbook(io.BytesIO(content))["Results"].iter_rows()
        return [[(cell.value, cell.data_type, cell.quotePrefix) for cell in row] for row in rows]
    return pq.read_table(io.BytesIO(content)).to_pylist() if format == "parquet" else content


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("removed", [0, 1, 3, len(TEXTS) - 1])
def test_the_file_is_as_if_the_row_had_never_been(format: str, removed: int) -> None:
    target = io.BytesIO()
    wanted = {f"'{ROWS[removed]['record_id']}", ROWS[removed]["record_id"]}
    count = REMOVERS[format](io.BytesIO(written(format)), target, lambda row: str(row["id"]) in wanted)
    left = [row for number, row in enumerate(ROWS) if number != removed]
    assert count == 1
    assert content_of(format, target.getvalue()) == content_of(format, written(format, left))


@pytest.mark.parametrize("format", FORMATS)
def test_all_rows_may_go(format: str) -> None:
    target = io.BytesIO()
    assert REMOVERS[format](io.BytesIO(written(format)), target, lambda _row: True) == len(ROWS)
    assert content_of(format, target.getvalue()) == content_of(format, written(format, []))
    again = io.BytesIO()
    assert REMOVERS[format](io.BytesIO(target.getvalue()), again, lambda _row: True) == 0


def test_parquet() -> None:
    target = io.BytesIO()
    assert REMOVERS["parquet"](io.BytesIO(written("parquet")), target, lambda row: row["id"] == "3") == 1
    assert [row["id"] for row in content_of("parquet", target.getvalue())] == ["0", "=id", "2", "4", "5", "6", "7"]


def test_ids_and_words_are_found_behind_the_marks_that_guard_formulas(tmp_path: Any) -> None:
    customer = LocalFolder(tmp_path)
    key = "output_data/travel/2026-01-01/a_csv.csv"
    for wanted, ids in (
        (Wanted(KeyKind.RECORD_ID, "=id"), ["0", "2", "3", "4", "5", "6", "7"]),
        (Wanted(KeyKind.TEXT_LIKE, "hello;=2"), ["0", "'=id", "3", "4", "5", "6", "7"]),
        (Wanted(KeyKind.TEXT_LIKE, "QUOTED"), ["'=id", "2", "3", "4", "5", "6", "7"]),
    ):
        customer.write_bytes(key, written("csv"))
        assert forget_results(customer, "travel", wanted, {}, is_rehearsal=True) == {key: 1}
        assert customer.read_bytes(key) == written("csv"), "a rehearsal changes nothing"
        forget_results(customer, "travel", wanted, {}, is_rehearsal=False)
        with (tmp_path / key).open(encoding="utf-8-sig", newline="") as file:
            assert [row["id"] for row in csv.DictReader(file)] == ids


def test_only_the_results_of_the_file_go(tmp_path: Any) -> None:
    customer = LocalFolder(tmp_path)
    for name in ("a_csv.csv", "a_csv.json", "a_json.csv", "sub/a_csv.csv"):
        customer.write_bytes(f"output_data/travel/2026-01-01/{name}", b"")
    forget_results(customer, "travel", Wanted(KeyKind.FILE, "a.csv"), {}, is_rehearsal=False)
    assert sorted(file.key.split("/", 3)[3] for file in customer.list()) == ["a_json.csv", "sub/a_csv.csv"]


@pytest.mark.parametrize("format", ["json", "xlsx"])
def test_a_file_that_is_not_as_it_was_written_is_told_and_stays(tmp_path: Any, format: str) -> None:
    customer = LocalFolder(tmp_path)
    key = f"output_data/travel/2026-01-01/a_csv.{format}"
    customer.write_bytes(key, b"somebody's own")
    with pytest.raises(ClassifierError, match="is not as it was written"):
        forget_results(customer, "travel", Wanted(KeyKind.RECORD_ID, "1"), {}, is_rehearsal=False)
    assert customer.read_bytes(key) == b"somebody's own"
