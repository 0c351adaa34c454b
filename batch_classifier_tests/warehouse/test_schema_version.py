"""The version of the tables: older ones are copied and migrated, newer and altered ones are refused and stay as they are."""

import json
import logging
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse import duckdb_version, schema_version
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.duckdb_forgetting import copies_of
from batch_classifier.warehouse.duckdb_version import MIGRATIONS
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS, TABLES
from batch_classifier.warehouse.views import VIEWS
from batch_classifier_tests.support.outcomes import is_one_sentence

# What the first releases made, column by column; `text_bytes` came before versions were noted.
UNVERSIONED = {
    "raw_requests": "request_file varchar, row_number bigint, record_id varchar, text varchar, text_id varchar, "
    "expected_class varchar, attributes varchar, problem varchar",
    "bedrock_jsonl": "request_file varchar, batch varchar, uri varchar, records bigint, bytes bigint, sha256 varchar, "
    "estimated_input_tokens bigint, estimated_output_tokens bigint, estimated_cost_usd double, prompt_version varchar, "
    "model_id varchar, shared_with varchar",
    "batch_job": "request_file varchar, batch varchar, attempt bigint, job_name varchar, job_arn varchar, status varchar, "
    "submitted_at timestamptz, ended_at timestamptz, records bigint, succeeded bigint, failed bigint, unanswered bigint, "
    "input_tokens bigint, output_tokens bigint, cost_usd double, output_uri varchar, message varchar, shared_with varchar",
    "classifications": 'request_file varchar, row_number bigint, record_id varchar, input_text varchar, "class" varchar, '
    "rationale varchar, status varchar, raw_class varchar, confidence double, error varchar, expected_class varchar, "
    "attributes varchar, text_id varchar, model_id varchar, prompt_version varchar, answered_at timestamptz, batch varchar, "
    "cost_usd double",
    "category_summary": 'request_file varchar, "class" varchar, requests bigint, share double, repaired bigint, failed bigint, '
    "cost_usd double",
}
ROWS = [{"record_id": "A", "text": "old"}]


def make_unversioned(path: Path, with_text_bytes: bool = True) -> None:
    """A database as it was written before versions were noted, for two prompts."""
    with duckdb.connect(str(path)) as connection:
        for prompt in ("travel", "tickets"):
            connection.execute(f"create schema {prompt}")
            for table, columns in UNVERSIONED.items():
                more = ", text_bytes bigint" if with_text_bytes and table == "raw_requests" else ""
                connection.execute(f"create table {prompt}.{table} ({columns}{more})")
            connection.execute(
                f"insert into {prompt}.raw_requests (request_file, row_number, record_id, text) values ('a.csv', 1, 'A', 'old')"
            )


def rows(path: Path) -> list[dict[str, Any]]:
    return DuckDBWarehouse(path).query("travel", "select record_id, text from travel.raw_requests")


def refused(path: Path, prompt: str = "travel") -> str:
    with pytest.raises(ClassifierError) as caught:
        DuckDBWarehouse(path).query(prompt, "select 1")
    assert is_one_sentence(str(caught.value)), caught.value
    return str(caught.value)


def change(path: Path, sql: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.mark.parametrize("with_text_bytes", [True, False])
def test_tables_from_before_versions_are_copied_and_migrated(
    path: Path, with_text_bytes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    make_unversioned(path, with_text_bytes)
    path.chmod(0o600)
    assert rows(path) == ROWS
    (copy,) = copies_of(path)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert str(copy) in caplog.text
    with duckdb.connect(str(copy), read_only=True) as connection:
        names = {name for (name,) in connection.execute("select column_name from duckdb_columns()").fetchall()}
        assert ("text_bytes" in names) is with_text_bytes and "noted_at" not in names
        assert connection.execute("select text from tickets.raw_requests").fetchall() == [("old",)]
    for prompt in ("travel", "tickets"):
        for table in TABLES:
            with DuckDBWarehouse(path).read(prompt, table, "never.csv") as batches:
                assert list(batches) == []
    assert rows(path) == ROWS and copies_of(path) == [copy], "once"


def test_a_new_file_has_the_version_and_no_copy(path: Path) -> None:
    DuckDBWarehouse(path).query("travel", "select 1")
    DuckDBWarehouse(path).query("tickets", "select 1")
    with duckdb.connect(str(path)) as connection:
        ((version, columns),) = connection.execute("select version, columns from main.warehouse_version").fetchall()
    assert version == schema_version.VERSION
    assert json.loads(columns) == {table.name: table.schema.names for table in TABLES}
    assert copies_of(path) == []


def test_the_next_version_migrates_this_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a change that is more than a new column would be made."""
    row = {"request_file": "a.csv", "row_number": 1, "record_id": "A", "text": "old"}
    DuckDBWarehouse(path).replace(
        "travel", RAW_REQUESTS, "a.csv", [pa.RecordBatch.from_pylist([row], RAW_REQUESTS.schema)]
    )
    DuckDBWarehouse(path).query("tickets", "select 1")
    seen = []

    def migrate(connection: duckdb.DuckDBPyConnection, prompt: str) -> None:
        seen.append(prompt)
        connection.execute(f"update {prompt}.raw_requests set text = 'migrated'")

    for module in (schema_version, duckdb_version):
        monkeypatch.setattr(module, "VERSION", schema_version.VERSION + 1 if module is schema_version else 2)
    monkeypatch.setitem(MIGRATIONS, 1, migrate)
    assert rows(path) == [{"record_id": "A", "text": "migrated"}]
    assert sorted(seen) == ["tickets", "travel"] and len(copies_of(path)) == 1


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException]
) -> None:
    make_unversioned(path)

    def migrate(connection: duckdb.DuckDBPyConnection, prompt: str) -> None:
        connection.execute(f"delete from {prompt}.raw_requests")
        raise failure

    with monkeypatch.context() as patch:
        patch.setitem(MIGRATIONS, 0, migrate)
        with pytest.raises(failure):
            rows(path)
    assert copies_of(path) == []
    assert rows(path) == ROWS


def test_without_a_copy_nothing_is_migrated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_unversioned(path)

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(duckdb_version, "copy_file", full)
        assert "No space left" in refused(path)
    with duckdb.connect(str(path)) as connection:
        assert (
            connection.execute("select 1 from duckdb_tables() where table_name = 'warehouse_version'").fetchall() == []
        )
    assert rows(path) == ROWS


@pytest.mark.parametrize(
    "sql",
    [
        "update main.warehouse_version set version = 99",
        """update main.warehouse_version set columns = '{"classifications": ["from_the_future"]}'""",
    ],
)
def test_newer_tables_are_refused_and_stay(path: Path, sql: str) -> None:
    DuckDBWarehouse(path).query("travel", "select 1")
    change(path, sql)
    before = path.read_bytes()
    said = refused(path)
    assert "newer version" in said and "install that version" in said and str(path) in said
    assert path.read_bytes() == before and copies_of(path) == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("alter table travel.classifications drop column rationale", "no column rationale any more"),
        ("alter table travel.classifications rename column batch to box", "no column batch any more"),
        (
            "alter table travel.batch_job alter column records type varchar",
            "records as VARCHAR, and it should be BIGINT",
        ),
    ],
)
def test_altered_tables_are_refused(path: Path, sql: str, words: str) -> None:
    with DuckDBWarehouse(path).connect("travel") as connection:
        connection.execute("; ".join(f"drop view travel.{view.name}" for view in VIEWS))
        connection.execute(sql)
    said = refused(path)
    assert words in said and "travel." in said and "drop the table" in said


def test_unversioned_tables_that_were_altered_are_refused_each_time(path: Path) -> None:
    make_unversioned(path)
    change(path, "alter table tickets.batch_job alter column records type varchar")
    for _ in range(2):
        assert "tickets.batch_job" in refused(path)
    assert copies_of(path) == []


def test_what_somebody_adds_of_his_own_is_left_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    DuckDBWarehouse(path).query("travel", "select 1")
    change(path, "alter table travel.classifications add column mine varchar; create table travel.notes (a integer)")
    with caplog.at_level(logging.WARNING), DuckDBWarehouse(path).read("travel", CLASSIFICATIONS, "a.csv") as batches:
        assert list(batches) == []
    assert caplog.text == ""


def test_a_table_that_was_dropped_is_made_again(path: Path) -> None:
    DuckDBWarehouse(path).query("travel", "select 1")
    change(path, "drop table travel.category_summary")
    assert DuckDBWarehouse(path).query("travel", "select * from travel.category_summary") == []
