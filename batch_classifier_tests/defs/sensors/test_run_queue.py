"""Thousands of files at once: runs are requested as there is room for them, and every file has its turn."""

import os
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus, RunsFilter

from batch_classifier.requests import intake
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.sensor_daemon import Daemon
from batch_classifier_tests.support.stored_instance import stored_instance_in

ROOM = 10


@dg.job
def queued() -> None: ...


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    monkeypatch.setattr(intake, "QUEUED_AT_MOST", ROOM)
    (tmp_path / "dagster").mkdir()
    instance = stored_instance_in(tmp_path / "dagster")
    project = Project(tmp_path / "project", None, instance)
    project.set_prompt()
    return Daemon(project)


def tick(daemon: Daemon) -> int:
    """A tick, after which its runs are queued as Dagster's daemon does it; returns how many there were."""
    new = daemon.tick()
    for _ in new:
        daemon.instance.create_run_for_job(queued, status=DagsterRunStatus.NOT_STARTED)
    return len(new)


def begin(daemon: Daemon, number: int) -> None:
    """So many runs leave the queue."""
    for run in daemon.instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.NOT_STARTED]), limit=number):
        daemon.instance.report_run_failed(run)


def test_no_more_runs_are_queued_than_are_soon_begun_and_no_file_is_left_out(daemon: Daemon) -> None:
    names = [f"{number}.csv" for number in range(3 * ROOM)]
    for name in names:
        path = daemon.project.drop(name, b"id,text\n1,My flight\n")
        os.utime(path, (time.time() - 60, time.time() - 60))
    assert tick(daemon) == ROOM
    assert tick(daemon) == 0
    assert daemon.message is not None and f"{ROOM} runs are queued; further files follow" in daemon.message
    begin(daemon, 4)
    assert tick(daemon) == 4
    while len(daemon.launched) < len(names):
        begin(daemon, ROOM)
        assert tick(daemon) > 0
    assert sorted(name for _, name in daemon.launched) == sorted(names)
    begin(daemon, ROOM)
    assert tick(daemon) == 0 and "No new request files" in daemon.message
