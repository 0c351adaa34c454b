"""Commands that wait for the database or for a pool: what they say, and that an interrupt ends them without harm."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from batch_classifier_tests.support.repository import REPOSITORY

# As a person starts it, but for the seconds after which a wait is told.
COMMAND = """
import sys
from batch_classifier.command_line.main import command_line
from batch_classifier.defs.event_log import pool_waits
from batch_classifier.warehouse import duckdb_file

pool_waits.TOLD_AFTER_SECONDS = duckdb_file.TOLD_AFTER_SECONDS = 0.0
command_line(sys.argv[1:])
"""
CLASSIFY = ("classify", "calls.csv", "--prompt", "travel", "--format", "csv")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with a request file."""
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    shutil.copytree(REPOSITORY / "prompts", tmp_path / "prompts")
    (tmp_path / "calls.csv").write_text("id,conversation\n1,I was charged twice\n2,My flight was moved\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "500"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background job ignores interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def said(process: subprocess.Popen[str], words: str) -> str:
    """The line with these words, when it has come."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"the command has ended without a word of {words!r}")


@pytest.fixture
def database(folder: Path) -> Iterator[Path]:
    """The database, held by this process."""
    path = folder / "data" / "warehouse.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)):
        yield path


@pytest.mark.parametrize("name", ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.long)])
def test_an_interrupt_ends_a_wait_for_the_database(database: Path, name: str) -> None:
    process = start(*CLASSIFY)
    line = said(process, "Waiting for the database")
    assert str(database) in line and f"(process {os.getpid()})" in line
    with dg.DagsterInstance.from_config(".") as instance:
        (run,) = instance.get_runs()
        while not any("Waiting for the database" in entry.user_message for entry in instance.all_logs(run.run_id)):
            assert process.poll() is None, "the run's log is to say so too"
        process.send_signal(getattr(signal, name))
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 130 and "start the same command again" in rest, rest
        assert "Traceback" not in rest
        ended = instance.get_run_by_id(run.run_id)
        assert ended is not None and ended.is_finished
        assert not instance.event_log_storage.get_concurrency_info("duckdb").claimed_slots


def test_the_command_goes_on_when_the_database_is_free(folder: Path) -> None:
    path = folder / "data" / "warehouse.duckdb"
    path.parent.mkdir()
    held = duckdb.connect(str(path))
    process = start(*CLASSIFY)
    said(process, "Waiting for the database")
    held.close()
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "2 rows: 2 classified." in rest, rest


@pytest.mark.long
def test_status_says_what_it_waits_for_and_ends_by_an_interrupt(database: Path, folder: Path) -> None:
    dropped = folder / "data" / "input_data" / "travel" / "calls.csv"
    dropped.parent.mkdir(parents=True)
    shutil.copy(folder / "calls.csv", dropped)
    process = start("status")
    assert str(database) in said(process, "Waiting for the database")
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode != 0 and "Traceback" not in rest


def test_an_interrupt_ends_a_wait_for_the_pool(folder: Path) -> None:
    with dg.DagsterInstance.from_config(".") as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default("duckdb")
        instance.event_log_storage.claim_concurrency_slot("duckdb", "0f5e1a7c-of-another-host", "step")
        process = start(*CLASSIFY)
        assert "0f5e1a7c" in said(process, "waits for a place in the pool duckdb")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 130 and "start the same command again" in rest, rest
        info = instance.event_log_storage.get_concurrency_info("duckdb")
        assert {step.run_id for step in info.pending_steps} == {"0f5e1a7c-of-another-host"}
