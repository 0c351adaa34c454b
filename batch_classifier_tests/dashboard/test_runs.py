"""What the page New file says of runs that were ended in the middle; without a browser, on a Dagster instance of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import dagster as dg
import psutil
import pytest

from batch_classifier.dashboard import runs
from batch_classifier.dashboard.runs import run_of
from batch_classifier.defs.names import PARTITION_TAG, PROCESS_TAG
from batch_classifier.defs.run_process import this_process


@dg.job(name="classify_travel")
def classify_travel() -> None: ...


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as opened:
        monkeypatch.setattr(runs, "instance", lambda: opened)
        yield opened


def started_run(instance: dg.DagsterInstance, request_file: str, process_id: int, started_at: float) -> None:
    """A run that Dagster shows as running, marked with a process of this machine."""
    run = instance.create_run_for_job(
        classify_travel, status=dg.DagsterRunStatus.STARTED, tags={PARTITION_TAG: request_file}
    )
    own = this_process(run.run_id)
    mark = replace(
        own, process_id=process_id, started_at=started_at, after_boot=started_at - own.started_at + own.after_boot
    )
    instance.add_run_tags(run.run_id, {PROCESS_TAG: json.dumps(asdict(mark))})


def test_a_run_that_was_killed_says_so_and_is_over(instance: dg.DagsterInstance) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started_at = psutil.Process(process.pid).create_time()
        started_run(instance, "calls.csv", process.pid, started_at)
        alive = run_of("travel", "calls.csv")
        assert alive is not None and alive.state == "running" and alive.problem is None and not alive.is_over
        process.communicate(b"\n")
    killed = run_of("travel", "calls.csv")
    assert killed is not None and killed.state == "stopped" and killed.is_over
    assert killed.problem is not None and "try again" in killed.problem
    # Once Dagster has seen it too, it is a failure without a step that failed.
    (record,) = instance.get_run_records()
    instance.report_run_failed(record.dagster_run, "The run's process ended without a word.")
    failed = run_of("travel", "calls.csv")
    assert failed is not None and (failed.state, failed.problem) == ("failed", killed.problem)
