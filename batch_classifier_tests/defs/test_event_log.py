"""Dagster's event log as dagster.yaml names it: which partitions are there, quickly and rightly."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy

from batch_classifier.defs.event_log import known_partitions
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
    assert isinstance(instance.event_log_storage, SqliteEventLog)
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
