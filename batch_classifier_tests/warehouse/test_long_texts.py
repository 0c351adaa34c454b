"""Long texts in the DuckDB warehouse: written, read and replaced in bounded memory, also where many files share a vector."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.record_batches import BYTES_AT_ONCE
from batch_classifier.warehouse import duckdb as warehouse_module
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.duckdb_memory import LEAST_BYTES, LargestVector, limit_of, memory_for
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier_tests.support.repository import REPOSITORY

WORDS = " ".join(random.Random(1).choices([f"w{number}" for number in range(5_000)], k=300_000))


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path / "warehouse.duckdb")


def text(row: int, size: int) -> str:
    """A text of its own for each row, of `size` bytes."""
    return (f"{row} " + WORDS[row * 997 % 1_000 :] * (size // 1_000_000 + 1))[:size]


def requests(request_file: str, rows: int, size: int) -> Iterator[pa.RecordBatch]:
    for row in range(1, rows + 1):
        record = {"request_file": request_file, "row_number": row, "text": text(row, size)}
        yield pa.RecordBatch.from_pylist([record], schema=RAW_REQUESTS.schema)


def check(warehouse: DuckDBWarehouse, request_file: str, rows: int, size: int) -> None:
    """All rows are there, in order and as they were, and come a few megabytes at a time."""
    expected = 1
    with warehouse.read("travel", RAW_REQUESTS, request_file) as batches:
        for batch in batches:
            assert batch.num_rows == 1 or batch.nbytes <= BYTES_AT_ONCE
            for number, found in zip(batch["row_number"].to_pylist(), batch["text"].to_pylist(), strict=True):
                assert number == expected
                assert found == text(expected, size)
                expected += 1
    assert expected == rows + 1


@pytest.mark.parametrize(
    ("rows", "size"), [(1_000, 100_000), pytest.param(20, 5_000_000, marks=pytest.mark.long), (1, 20_000_000)]
)
def test_long_texts_are_written_read_and_replaced(warehouse: DuckDBWarehouse, rows: int, size: int) -> None:
    """These failed with a commit that could not pin a block, and then with a rollback that was refused."""
    for _ in range(2):
        assert warehouse.replace("travel", RAW_REQUESTS, "long.csv", requests("long.csv", rows, size)) == rows
    check(warehouse, "long.csv", rows, size)
    with warehouse.connect() as connection:
        assert limit_of(connection) <= LEAST_BYTES


@pytest.mark.long
def test_many_files_of_a_few_long_texts_share_a_vector(warehouse: DuckDBWarehouse) -> None:
    """No single file needs much; packed together they need more than any of them, at a commit and when one is read."""
    for place in range(12):
        warehouse.replace("travel", RAW_REQUESTS, f"{place}.csv", requests(f"{place}.csv", 10, 1_000_000))
    check(warehouse, "0.csv", 10, 1_000_000)
    check(warehouse, "11.csv", 10, 1_000_000)


def test_a_file_whose_log_was_left_by_a_killed_process_is_opened(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect("travel"):
        pass
    script = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("set checkpoint_threshold = '10GB'; set auto_checkpoint_skip_wal_threshold = 1000000000")
connection.execute("insert into travel.raw_requests (request_file, row_number, text) "
    "select 'left.csv', range + 1, repeat(md5(range::varchar), 4000) from range(1000)")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script, str(warehouse.path)], check=True, env=os.environ, cwd=REPOSITORY)
    assert Path(f"{warehouse.path}.wal").stat().st_size > LEAST_BYTES
    with warehouse.read("travel", RAW_REQUESTS, "left.csv", ["row_number"]) as batches:
        assert sum(batch.num_rows for batch in batches) == 1_000


def test_too_little_memory_is_told_in_a_sentence_and_the_old_rows_stay(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.replace("travel", RAW_REQUESTS, "long.csv", requests("long.csv", 3, 10))

    def fails(_connection: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.TransactionException("Failed to commit: failed to pin block of size 4.7 MiB")

    monkeypatch.setattr(warehouse_module, "_commit", fails)
    with pytest.raises(ClassifierError, match=r"long\.csv cannot be written to travel\.raw_requests.*memory") as raised:
        warehouse.replace("travel", RAW_REQUESTS, "long.csv", requests("long.csv", 5, 10))
    assert "failed to pin block" in str(raised.value.__cause__)
    monkeypatch.undo()
    check(warehouse, "long.csv", 3, 10)


def test_short_texts_leave_the_limit_where_it_is() -> None:
    largest = LargestVector()
    for batch in requests("short.csv", 5_000, 1_500):
        largest.pass_by(batch)
    assert largest.bytes < 4_500_000 and memory_for(largest.bytes) == LEAST_BYTES


@pytest.mark.long
def test_the_largest_vector_is_found_wherever_it_begins() -> None:
    largest = LargestVector()
    for size in [10] * 3_000 + [100_000] * 100 + [10] * 3_000:
        for batch in requests("some.csv", 1, size):
            largest.pass_by(batch)
    assert 10_000_000 < largest.bytes < 11_000_000
