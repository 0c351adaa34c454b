"""The project around a command: what is wrong with its dagster.yaml is told in a sentence, and an interrupt is known for one."""

import os
import signal
import threading
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.command_line.project import was_interrupted
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.repository import REPOSITORY


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_module_that_has_moved_is_told_with_its_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    now = f"batch_classifier.defs.event_log.{kind}"
    before = f"batch_classifier.event_log.{kind}"
    settings = (REPOSITORY / "dagster.yaml").read_text(encoding="utf-8")
    old = settings.replace("batch_classifier.defs.event_log.deployment_history", before)
    assert before in old
    (tmp_path / "dagster.yaml").write_text(old, encoding="utf-8")
    (tmp_path / "prompts").mkdir()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command_line, ["status"])
    assert result.exit_code == 1 and result.exception is not None
    sentence = result.stderr.strip()
    assert is_one_sentence(sentence) and before in sentence and f"write {now} there" in sentence


@dg.op
def runs_a_long_query() -> None:
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
    # Closing waits for other threads, and those do not hear the interrupt before their part of the query is done.
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        connection.execute("select count(*) from range(3000000000) as numbers(one) where one * one % 7 = 3").fetchall()


@dg.op
def fails() -> None:
    raise RuntimeError("A query went wrong")


@pytest.mark.parametrize(("op", "is_interrupt"), [(runs_a_long_query, True), (fails, False)])
def test_an_interrupt_is_known_also_where_the_database_was_at_work(op: dg.OpDefinition, is_interrupt: bool) -> None:
    """DuckDB hears the signal itself and raises an error of its own."""
    job = dg.GraphDefinition(name="job", node_defs=[op]).to_job()
    assert was_interrupted(job.execute_in_process(raise_on_error=False)) is is_interrupt
