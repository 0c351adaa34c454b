"""Waiting for a place in a pool: told, ended by an interrupt, and not for a run that is dead."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.defs.event_log import pool_waits
from batch_classifier_tests.support.repository import REPOSITORY

POOL = "duckdb"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The project's own settings of Dagster."""
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.from_config(".") as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are told at once, and asked for often."""
    monkeypatch.setattr(pool_waits, "TOLD_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(pool_waits, "PAUSE_SECONDS", 0.01)


@dg.op(pool=POOL)
def uses_the_database() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def classify_travel() -> None:
    uses_the_database()


HOLDER = """
import json, sys
from dataclasses import asdict
import dagster as dg
from batch_classifier.defs.names import PARTITION_TAG, PROCESS_TAG
from batch_classifier.defs.run_process import this_process
from batch_classifier_tests.defs.test_pool_waits import POOL, classify_travel

with dg.DagsterInstance.from_config(".") as instance:
    run = instance.create_run_for_job(classify_travel, status=dg.DagsterRunStatus.STARTED)
    mark = json.dumps(asdict(this_process(run.run_id)))
    instance.add_run_tags(run.run_id, {PROCESS_TAG: mark, PARTITION_TAG: "May/calls.csv"})
    assert instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
    assert instance.event_log_storage.claim_concurrency_slot(POOL, run.run_id, "step").is_claimed
    print(run.run_id, flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another process, whose run has the one place of the pool until it is killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.run_id = self.process.stdout.readline().strip()
        assert self.run_id

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holder(instance: dg.DagsterInstance) -> Iterator[Holder]:
    made = Holder()
    yield made
    made.kill()


def holders(instance: dg.DagsterInstance) -> set[str]:
    return {slot.run_id for slot in instance.event_log_storage.get_concurrency_info(POOL).claimed_slots}


def run_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRun:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run


def told_in_the_log(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    return [entry.message for entry in entries if "waits for a place" in entry.message]


def test_a_place_whose_run_was_killed_is_taken_while_it_is_waited_for(
    instance: dg.DagsterInstance, holder: Holder, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody else looks after it: neither a sensor nor the daemon is there."""
    tells = threading.Event()

    def kill_when_told() -> None:
        tells.wait(60)
        holder.kill()

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tells.set()

    handler = Listening()
    pool_waits._LOGGER.addHandler(handler)
    killer = threading.Thread(target=kill_when_told)
    killer.start()
    try:
        result = classify_travel.execute_in_process(instance=instance)
    finally:
        tells.set()
        killer.join()
        pool_waits._LOGGER.removeHandler(handler)
    assert result.success
    assert run_of(instance, holder.run_id).status is dg.DagsterRunStatus.FAILURE and holders(instance) == set()
    (told,) = told_in_the_log(instance, result.run_id)
    assert told in caplog.messages
    expected = (POOL, holder.run_id[:8], "classify_travel", "May/calls.csv", str(holder.process.pid))
    assert all(part in told for part in expected), told


def test_a_run_that_dagster_knows_as_failed_keeps_no_place(instance: dg.DagsterInstance, holder: Holder) -> None:
    """Dagster's code server notices a killed process before anybody else, and leaves its place taken."""
    instance.report_run_failed(run_of(instance, holder.run_id))
    assert end_abandoned_runs(instance) == []
    assert holders(instance) == {holder.run_id}, "its process may still be at it"
    holder.kill()
    assert end_abandoned_runs(instance) == []
    assert holders(instance) == set()


INTERRUPTED = """
import logging, os, signal
import dagster as dg
from batch_classifier.defs.event_log import pool_waits
from batch_classifier_tests.defs.test_pool_waits import POOL, classify_travel

pool_waits.TOLD_AFTER_SECONDS = 0.0

class Interrupts(logging.Handler):
    def emit(self, record):
        os.kill(os.getpid(), getattr(signal, os.environ["WITH"]))

pool_waits._LOGGER.addHandler(Interrupts())
with dg.DagsterInstance.from_config(".") as instance:
    result = classify_travel.execute_in_process(instance=instance, raise_on_error=False)
    waiting = instance.event_log_storage.get_concurrency_info(POOL).pending_steps
    (failure,) = [event for event in result.all_events if event.event_type is dg.DagsterEventType.RUN_FAILURE]
    print(failure.job_failure_data.error.cls_name, [step.run_id for step in waiting])
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_ends_the_wait_and_leaves_nothing_behind(
    instance: dg.DagsterInstance, holder: Holder, name: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "WITH": name},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == f"DagsterExecutionInterruptedError ['{holder.run_id}']"
    assert holders(instance) == {holder.run_id}


def test_a_wait_takes_no_processor_time(
    instance: dg.DagsterInstance, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt but the first has a pause before it, also with several steps that wait: one for all of them."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    storage = instance.event_log_storage
    for _ in range(3):
        for step in ("a", "b"):
            status = storage.claim_concurrency_slot(POOL, "waiting", step)
            assert not status.is_claimed and status.sleep_interval == 0.0
    assert pauses == [pool_waits.PAUSE_SECONDS] * 2
    storage.free_concurrency_slots_for_run("waiting")


def test_a_short_wait_is_not_told_and_a_long_one_once(
    instance: dg.DagsterInstance, holder: Holder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    waiting = instance.create_run_for_job(classify_travel, status=dg.DagsterRunStatus.STARTED)
    told = []
    for now[0] in (1_000.0, 1_004.9, 1_005.0, 1_009.0, 1_011.0, 1_300.0):
        instance.event_log_storage.claim_concurrency_slot(POOL, waiting.run_id, "step")
        told.append(len(told_in_the_log(instance, waiting.run_id)))
    assert told == [0, 0, 1, 1, 1, 1]
    instance.event_log_storage.free_concurrency_slots_for_run(waiting.run_id)


def test_a_place_that_is_free_is_taken_without_a_word(
    instance: dg.DagsterInstance, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    result = classify_travel.execute_in_process(instance=instance)
    assert result.success and not told_in_the_log(instance, result.run_id)
    assert holders(instance) == set()


@pytest.mark.parametrize("path", ["dagster.yaml", "deploy/aws/dagster.yaml"])
def test_the_daemon_frees_places_of_ended_runs_too(path: str) -> None:
    """For runs of other hosts, where no process of ours can tell whether theirs is alive."""
    settings = yaml.safe_load((REPOSITORY / path).read_text(encoding="utf-8"))
    assert 0 < settings["run_monitoring"]["free_slots_after_run_end_seconds"] <= 60
    assert settings["python_logs"]["managed_python_loggers"] == ["batch_classifier"]
