"""Dagster's SQLite files are quick, and as safe against a killed process as before."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from batch_classifier.defs.event_log.quick_sqlite import _KEPT_OPEN, KeptOpen, make_quick

NORMAL, FULL = 1, 2


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    _KEPT_OPEN.close()


def _file(path: Path, mode: str = "wal") -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute(f"pragma journal_mode = {mode}")
        connection.execute("create table events (number integer)")
    connection.close()
    return path


def _engine(path: Path) -> sqlalchemy.Engine:
    make_quick()
    return sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=NullPool)


def _write_ahead_log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_a_commit_does_not_wait_for_the_disk_where_there_is_a_write_ahead_log(tmp_path: Path) -> None:
    with _engine(_file(tmp_path / "index.db")).connect() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == NORMAL


def test_without_a_write_ahead_log_a_commit_waits_as_ever(tmp_path: Path) -> None:
    with _engine(_file(tmp_path / "index.db", "delete")).connect() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == FULL
    assert len(_KEPT_OPEN) == 0


def test_the_end_of_a_connection_leaves_the_write_ahead_log_alone(tmp_path: Path) -> None:
    file = _file(tmp_path / "index.db")
    with _engine(file).begin() as connection:
        connection.exec_driver_sql("insert into events values (1)")
    assert _write_ahead_log(file).stat().st_size > 0
    _KEPT_OPEN.close()
    assert not _write_ahead_log(file).exists()


def test_only_so_many_files_are_kept_open_and_the_last_ones_they_are(tmp_path: Path) -> None:
    kept, files = KeptOpen(2), [_file(tmp_path / f"{number}.db") for number in range(3)]
    for file in files:
        kept.keep(str(file))
    kept.keep(str(files[1]))
    kept.keep(str(files[0]))
    assert len(kept) == 2
    assert [_write_ahead_log(file).exists() for file in files] == [True, True, False]
    kept.close()


def test_a_killed_process_loses_nothing_that_it_has_committed(tmp_path: Path) -> None:
    file = _file(tmp_path / "index.db")
    program = (
        "import os, signal, sys, sqlalchemy\n"
        "from batch_classifier.defs.event_log.quick_sqlite import make_quick\n"
        "make_quick()\n"
        "engine = sqlalchemy.create_engine(sys.argv[1], poolclass=sqlalchemy.pool.NullPool)\n"
        "for number in range(100):\n"
        "    with engine.begin() as connection:\n"
        "        connection.exec_driver_sql(f'insert into events values ({number})')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, f"sqlite:///{file}"], check=False)
    assert killed.returncode == -signal.SIGKILL
    with _engine(file).connect() as connection:
        assert connection.exec_driver_sql("select count(*) from events").scalar() == 100


def test_the_event_log_of_dagster_yaml_is_quick(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(
        "event_log_storage:\n  module: batch_classifier.defs.event_log.sqlite\n  class: SqliteEventLog\n"
        f"  config: {{base_dir: {tmp_path / 'runs'}}}\n"
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
            assert connection.exec_driver_sql("pragma synchronous").scalar() == NORMAL
