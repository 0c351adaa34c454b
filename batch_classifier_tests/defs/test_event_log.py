"""Dagster's event log as dagster.yaml names it: which partitions are there, quickly and rightly."""

import inspect
import queue
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster_postgres import PostgresEventLogStorage
from dagster_postgres.auth import AwsWifTokenProvider

from batch_classifier.defs.event_log import improved, kept_connections, known_partitions, quick_sqlite
from batch_classifier.defs.event_log.known_partitions import KnownPartitions
from batch_classifier.defs.event_log.postgres import PostgresEventLog
from batch_classifier.defs.event_log.sqlite import SqliteEventLog
from batch_classifier_tests.support.repository import REPOSITORY

FILES = "travel_request_files"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.from_config(".") as opened:
        yield opened


def another_process() -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(".")


def test_dagster_takes_it_and_writes_where_it_did(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    taken = getattr(instance.event_log_storage.has_dynamic_partition, "__func__", None)
    assert taken is KnownPartitions.has_dynamic_partition
    assert (tmp_path / "data/dagster/history/runs/index.db").is_file()
    assert (tmp_path / "data/dagster/history/runs.db").is_file()
    assert (tmp_path / "data/dagster/schedules/schedules.db").is_file()


def test_many_questions_are_a_few_queries(instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions(FILES, [f"{number}.csv" for number in range(500)])
    queries = []
    event = (sqlalchemy.Engine, "before_cursor_execute", lambda *arguments: queries.append(arguments[2]))
    sqlalchemy.event.listen(*event)
    try:
        assert all(instance.has_dynamic_partition(FILES, f"{number}.csv") for number in range(500))
    finally:
        sqlalchemy.event.remove(*event)
    assert sum("dynamic_partitions" in query and "SELECT" in query for query in queries) == 1


def test_what_comes_and_goes_is_noticed(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.add_dynamic_partitions(FILES, ["a.csv", "b.csv", "c.csv"])
    assert instance.has_dynamic_partition(FILES, "a.csv") and not instance.has_dynamic_partition(FILES, "new.csv")
    assert not instance.has_dynamic_partition("lost_deals_request_files", "a.csv")
    with another_process() as other:
        other.add_dynamic_partitions(FILES, ["new.csv"])
        assert instance.has_dynamic_partition(FILES, "new.csv")
        other.delete_dynamic_partition(FILES, "a.csv")
    instance.delete_dynamic_partition(FILES, "b.csv")
    assert not instance.has_dynamic_partition(FILES, "b.csv")
    monkeypatch.setattr(known_partitions, "REMEMBERED_SECONDS", 0.0)
    assert not instance.has_dynamic_partition(FILES, "a.csv") and instance.has_dynamic_partition(FILES, "c.csv")


def test_nothing_of_dagsters_own_settings_is_lost() -> None:
    """Whatever the installed version takes, it takes here too."""
    assert SqliteEventLog.config_type() == SqliteEventLogStorage.config_type()
    config_types: list[Any] = [one.config_type() for one in (PostgresEventLog, PostgresEventLogStorage)]
    assert config_types[0].keys() == config_types[1].keys()
    for ours, dagsters in ((SqliteEventLog, SqliteEventLogStorage), (PostgresEventLog, PostgresEventLogStorage)):
        parameters = [list(inspect.signature(one.from_config_value).parameters) for one in (ours, dagsters)]
        assert parameters[0] == parameters[1]


def test_postgres_by_a_token_instead_of_a_password() -> None:
    """A setting that was dropped once, and would have had the password asked for."""
    config = {
        "postgres_db": {
            "username": "dagster",
            "hostname": "database",
            "db_name": "dagster",
            "password": "",
            "port": 5432,
        }
        | {"params": {}, "scheme": "postgresql+psycopg2"},
        "auth_provider": {"aws_wif": {"region": "eu-central-1"}},
        "should_autocreate_tables": False,
    }
    with pytest.MonkeyPatch.context() as patch:
        connected: list[str] = []

        def token(provider: AwsWifTokenProvider) -> str:
            connected.append(provider._region)
            return "token"

        patch.setattr(AwsWifTokenProvider, "get_token", token)
        storage = PostgresEventLog.from_config_value(None, config)
        with pytest.raises(sqlalchemy.exc.OperationalError):
            storage._engine.connect()
    assert connected == ["eu-central-1"]


def test_the_installed_version_has_the_methods_that_are_expected(instance: dg.DagsterInstance) -> None:
    """When this fails after an update of Dagster, what is in the folder event_log is without effect."""
    assert improved.differences(instance.event_log_storage, improved.EXPECTED) == []
    assert improved.differences(PostgresEventLogStorage.__new__(PostgresEventLogStorage), improved.EXPECTED) == []


@pytest.mark.parametrize("change", ["other parameters", "gone"])
def test_another_dagster_starts_with_its_own_event_log(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def has_dynamic_partition(self: object, partitions_def_name: str, keys: list[str], strict: bool = False) -> bool:
        return keys == ["a.csv"]

    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        SqliteEventLogStorage, "has_dynamic_partition", has_dynamic_partition if change == "other parameters" else None
    )
    with dg.DagsterInstance.from_config(".") as opened:
        opened.add_dynamic_partitions(FILES, ["a.csv"])
        assert opened.get_dynamic_partitions(FILES) == ["a.csv"]
        assert type(opened.event_log_storage) is SqliteEventLogStorage
    (line,) = (record.getMessage() for record in caplog.records if record.name.startswith("batch_classifier"))
    assert "has_dynamic_partition" in line and "SqliteEventLogStorage" in line


def runs_of(instance: dg.DagsterInstance, number: int) -> list[dg.DagsterRun]:
    return [instance.create_run_for_job(nothing) for _ in range(number)]


@dg.job
def nothing() -> None: ...


def told(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """What the run's log says."""
    return [entry.message for entry in instance.all_logs(run.run_id)]


def test_files_stay_open_from_one_event_to_the_next(instance: dg.DagsterInstance) -> None:
    first, second = runs_of(instance, 2)
    opened: list[object] = []
    event = (sqlalchemy.Engine, "connect", lambda *arguments: opened.append(arguments[0]))
    sqlalchemy.event.listen(*event)
    try:
        for number in range(30):
            for run in (first, second):
                instance.event_log_storage.store_event(entry_of(run, f"event {number}"))
                assert told(instance, run)[-1] == f"event {number}"
    finally:
        sqlalchemy.event.remove(*event)
    assert len(opened) < 10


def entry_of(run: dg.DagsterRun, message: str) -> dg.EventLogEntry:
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None, level=20, user_message=message, run_id=run.run_id, timestamp=time.time(), step_key=None
    )


def test_processes_see_each_others_events_at_once(instance: dg.DagsterInstance) -> None:
    (run,) = runs_of(instance, 1)
    with another_process() as other:
        for number in range(3):
            for writing, reading in ((instance, other), (other, instance)):
                message = f"{number} of {writing is instance}"
                writing.event_log_storage.store_event(entry_of(run, message))
                assert told(reading, run)[-1] == message


def test_no_more_files_are_open_than_a_few_and_none_at_the_end(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connections, "KEPT_FILES", 3)
    runs = runs_of(instance, quick_sqlite.FILES_KEPT_OPEN + 4)
    for run in runs:
        instance.event_log_storage.store_event(entry_of(run, "here"))
    files = tmp_path / "data/dagster/history/runs"
    # The index is opened by Dagster too, before the connections that stay open take over.
    assert 1 < len([file for file in files.glob("*-wal") if file.name != "index.db-wal"]) <= 3
    instance.event_log_storage.dispose()
    # As at the end of the process.
    quick_sqlite._KEPT_OPEN.close()
    assert list(files.glob("*-wal")) == []
    assert all(told(instance, run)[-1] == "here" for run in runs)


def test_a_runs_file_is_as_dagster_makes_the_first_one(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(run: dg.DagsterRun) -> tuple[object, ...]:
        with closing(sqlite3.connect(tmp_path / "data/dagster/history/runs" / f"{run.run_id}.db")) as file:
            tables = file.execute("select name, sql from sqlite_master order by name").fetchall()
            mode = file.execute("pragma journal_mode").fetchall()
            return tables, mode, file.execute("select * from alembic_version").fetchall()

    (first,) = runs_of(instance, 1)
    instance.event_log_storage.store_event(entry_of(first, "here"))
    if sys.platform == "linux":
        monkeypatch.setattr(instance.event_log_storage, "_initdb", None)
    others = runs_of(instance, 3)
    for run in others:
        instance.event_log_storage.store_event(entry_of(run, f"of {run.run_id}"))
    assert [made(run) for run in others] == [made(first)] * 3
    assert [told(instance, run) for run in others] == [[f"of {run.run_id}"] for run in others]
    folder = tmp_path / "data/dagster/history/runs"
    assert {path.suffix for path in folder.iterdir()} <= {".db", ".db-wal", ".db-shm"}


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    kept_connections.make_whole(str(path), b"first")
    kept_connections.make_whole(str(path), b"second")
    kept_connections.make_whole(str(tmp_path / "nowhere" / "run.db"), b"")
    assert path.read_bytes() == b"first" or sys.platform != "linux"


def test_a_file_that_another_process_has_removed_is_made_anew(instance: dg.DagsterInstance) -> None:
    (run,) = runs_of(instance, 1)
    instance.event_log_storage.store_event(entry_of(run, "before"))
    with another_process() as other:
        other.event_log_storage.wipe()
    assert told(instance, run) == []
    instance.event_log_storage.store_event(entry_of(run, "after"))
    with another_process() as other:
        assert told(other, run) == ["after"]


def test_whoever_follows_a_run_hears_of_each_event(instance: dg.DagsterInstance) -> None:
    """The UI follows it so; another process writes, and keeps its connection."""
    (run,) = runs_of(instance, 1)
    heard: queue.Queue[str] = queue.Queue()

    def hear(entry: dg.EventLogEntry, cursor: str) -> None:
        heard.put(entry.message)

    with another_process() as other:
        other.event_log_storage.store_event(entry_of(run, "first"))
        instance.watch_event_logs(run.run_id, None, hear)
        try:
            for message in ("second", "third"):
                other.event_log_storage.store_event(entry_of(run, message))
                while heard.get(timeout=30) != message:
                    pass
        finally:
            instance.end_watch_event_logs(run.run_id, hear)


def test_what_fails_is_taken_back(instance: dg.DagsterInstance) -> None:
    (run,) = runs_of(instance, 1)
    storage: Any = instance.event_log_storage
    storage.store_event(entry_of(run, "kept"))
    with pytest.raises(ZeroDivisionError), storage.run_connection(run.run_id) as connection:
        connection.execute(sqlalchemy.text("delete from event_logs"))
        raise ZeroDivisionError
    assert told(instance, run) == ["kept"]
