"""The DuckDB warehouse: a partition is replaced whole or not at all, by name, and nobody is kept out of the file."""

import datetime
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.duckdb_file import _holder
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY, CLASSIFICATIONS, RAW_REQUESTS, TABLES
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.warehouse.record_batches import FILE, batch


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path / "folder" / "warehouse.duckdb")


def classes(warehouse: DuckDBWarehouse, request_file: str = FILE) -> list[str]:
    with warehouse.read("travel", CATEGORY_SUMMARY, request_file) as batches:
        return [name for one in batches for name in one["class"].to_pylist()]


def test_a_partition_is_replaced_and_the_others_stay(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["a", "b"]), batch(["c"])]) == 3
    assert warehouse.replace("travel", CATEGORY_SUMMARY, "b.csv", [batch(["x"], "b.csv")]) == 1
    assert warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["d"])]) == 1
    assert (classes(warehouse), classes(warehouse, "b.csv")) == (["d"], ["x"])


def test_a_partition_may_become_empty(warehouse: DuckDBWarehouse) -> None:
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["a"])])
    assert warehouse.replace("travel", CATEGORY_SUMMARY, FILE, []) == 0
    assert classes(warehouse) == []


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_write_that_fails_in_the_middle_leaves_the_old_rows(
    warehouse: DuckDBWarehouse, failure: type[BaseException]
) -> None:
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["old"])])

    def rows() -> Iterator[pa.RecordBatch]:
        yield batch(["new"])
        raise failure

    with pytest.raises(failure):
        warehouse.replace("travel", CATEGORY_SUMMARY, FILE, rows())
    assert classes(warehouse) == ["old"]


def test_columns_go_by_name(warehouse: DuckDBWarehouse) -> None:
    """By position, two columns of one type that were swapped would go in without a word."""
    turned = batch(["a"]).select(CATEGORY_SUMMARY.schema.names[::-1])
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [turned])
    (row,) = warehouse.query("travel", "select * from travel.category_summary")
    assert (row["request_file"], row["class"]) == (FILE, "a")


def test_a_column_of_no_table_is_refused_and_the_old_rows_stay(warehouse: DuckDBWarehouse) -> None:
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["old"])])
    with pytest.raises(duckdb.Error):
        warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [pa.record_batch({"request_file": [FILE], "klass": ["a"]})])
    assert classes(warehouse) == ["old"]


def test_a_write_that_is_killed_leaves_the_old_rows(warehouse: DuckDBWarehouse) -> None:
    """As when a laptop's battery is empty: the transaction never happened."""
    warehouse.replace("travel", CATEGORY_SUMMARY, "a.csv", [batch(["old"], "a.csv")])
    script = f"""
import os, pathlib
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier_tests.warehouse.record_batches import batch

def rows():
    yield batch(["new"], "a.csv")
    os.kill(os.getpid(), 9)

DuckDBWarehouse(pathlib.Path({str(warehouse.path)!r})).replace("travel", CATEGORY_SUMMARY, "a.csv", rows())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, timeout=60, check=False)
    assert done.returncode == -9
    assert classes(warehouse, "a.csv") == ["old"]


def test_rows_come_back_in_the_order_they_were_written(warehouse: DuckDBWarehouse) -> None:
    many = [f"class {number}" for number in range(7_000)]
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(many[:5_000]), batch(many[5_000:])])
    assert classes(warehouse) == many
    with warehouse.read("travel", CATEGORY_SUMMARY, FILE) as batches:
        assert max(one.num_rows for one in batches) <= 2_048, "a stream, not one piece"


def test_every_table_is_there_before_anything_was_written(warehouse: DuckDBWarehouse) -> None:
    for table in TABLES:
        with warehouse.read("travel", table, "never.csv") as batches:
            assert list(batches) == []
        assert warehouse.query("travel", f"select count(*) as rows from {warehouse.name('travel', table)}") == [
            {"rows": 0}
        ]


def test_any_text_and_time_comes_back_as_it_was(warehouse: DuckDBWarehouse) -> None:
    text = "'\"; drop table x; --\n\u2028\u0085\x00 日本 \U0001f600"
    moment = datetime.datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=datetime.UTC)
    row = {"request_file": FILE, "row_number": 1, "input_text": text, "answered_at": moment, "confidence": 0.1}
    warehouse.replace(
        "travel", CLASSIFICATIONS, FILE, [pa.RecordBatch.from_pylist([row], schema=CLASSIFICATIONS.schema)]
    )
    (found,) = warehouse.query("travel", "select * from travel.classifications")
    assert found | row == found and found["class"] is None


def test_prompts_do_not_share_tables(warehouse: DuckDBWarehouse) -> None:
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["a"])])
    assert warehouse.query("invoices", "select * from invoices.category_summary") == []


def test_a_table_of_an_older_release_gets_the_columns_that_are_new(warehouse: DuckDBWarehouse) -> None:
    warehouse.path.parent.mkdir()
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(
            "create schema travel; create table travel.category_summary (request_file varchar, class varchar)"
        )
        connection.execute("insert into travel.category_summary values ('old.csv', 'a')")
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch(["b"])])
    assert (classes(warehouse, "old.csv"), classes(warehouse)) == (["a"], ["b"])


def test_the_file_is_free_again_whoever_held_on_to_a_stream(warehouse: DuckDBWarehouse) -> None:
    """DuckDB 2.0 waits without end for what is left of a closed connection when the file is opened again."""
    warehouse.replace("travel", CATEGORY_SUMMARY, FILE, [batch([str(number) for number in range(10_000)])])
    with pytest.raises(RuntimeError), warehouse.read("travel", CATEGORY_SUMMARY, FILE) as held:
        next(held)
        raise RuntimeError
    assert warehouse.query("travel", "select count(*) as rows from travel.category_summary") == [{"rows": 10_000}]
    assert held is not None


@contextmanager
def another_program(path: Path) -> Iterator[int]:
    """A program that has the file open; gives its process id."""
    script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"open\n"
        yield other.pid
        other.communicate(b"")


def test_another_program_with_the_file_open_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with another_program(path) as process:
        with pytest.raises(ClassifierError) as caught:
            DuckDBWarehouse(path, wait_seconds=0.3).query("travel", "select 1")
        told = str(caught.value)
        assert str(path) in told and str(process) in told and "close" in told and is_one_sentence(told)
    assert DuckDBWarehouse(path, wait_seconds=0.3).query("travel", "select 1 as one") == [{"one": 1}]


def test_a_long_wait_for_the_file_says_once_who_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "warehouse.duckdb"
    now, told = [0.0], []

    def sleep(seconds: float) -> None:
        now[0] += 2.0
        told.append((now[0], len(caplog.messages)))

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    with another_program(path) as process, pytest.raises(ClassifierError):
        DuckDBWarehouse(path, wait_seconds=20).query("travel", "select 1")
    assert [count for seconds, count in told] == [0, 0, 0] + [1] * (len(told) - 3), "nothing before 5 s, then one line"
    (line,) = caplog.messages
    assert str(path) in line and f"(process {process})" in line and "20 s" in line


def test_who_has_the_file_may_be_unknown() -> None:
    assert _holder('IO Error: Could not set lock on file "a": Resource temporarily unavailable') == "another program"


def test_a_rollback_that_is_refused_hides_nothing(
    warehouse: DuckDBWarehouse,
) -> None:
    """After some errors DuckDB has ended the transaction by itself, and has none to roll back."""

    def rows() -> Iterator[pa.RecordBatch]:
        connections[0].execute("rollback")
        raise ValueError("what went wrong")
        yield

    connections: list[duckdb.DuckDBPyConnection] = []
    with warehouse.connect("travel") as connection:
        connections.append(connection)
        with pytest.raises(ValueError, match="what went wrong"):
            warehouse.replace_with(connection, "travel", CATEGORY_SUMMARY, FILE, rows())


def test_a_file_that_is_no_database_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"not a database" * 1_000)
    with pytest.raises(ClassifierError) as caught:
        DuckDBWarehouse(path).query("travel", "select 1")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["cut off", "altered"])
def test_a_damaged_database_is_told_wherever_it_shows(tmp_path: Path, kind: str) -> None:
    """Where a copy was interrupted, or a disk returns other bytes: some of it shows only when that part is read."""
    path = tmp_path / "warehouse.duckdb"
    whole = DuckDBWarehouse(path)
    whole.replace("travel", CATEGORY_SUMMARY, FILE, [batch([f"class {number}" for number in range(2_000)])])
    content = path.read_bytes()
    places = range(12_288, len(content), 65_536)
    assert len(places) > 3
    told = 0
    for place in places:
        damaged = bytearray(content[:place] if kind == "cut off" else content)
        if kind == "altered":
            damaged[place : place + 60_000] = bytes(byte ^ 0xFF for byte in damaged[place : place + 60_000])
        path.write_bytes(damaged)
        try:
            assert len(classes(DuckDBWarehouse(path, wait_seconds=60))) == 2_000
        except ClassifierError as error:
            told += 1
            assert str(path) in str(error) and "put back a copy of it" in str(error)
            assert is_one_sentence(str(error))
    assert told


def test_requests_of_one_file_are_read_by_column(warehouse: DuckDBWarehouse) -> None:
    rows = [{"request_file": FILE, "row_number": number, "text": "a"} for number in (1, 2)]
    warehouse.replace("travel", RAW_REQUESTS, FILE, [pa.RecordBatch.from_pylist(rows, schema=RAW_REQUESTS.schema)])
    with warehouse.read("travel", RAW_REQUESTS, FILE, ["row_number"]) as batches:
        assert [one.to_pylist() for one in batches] == [[{"row_number": 1}, {"row_number": 2}]]
