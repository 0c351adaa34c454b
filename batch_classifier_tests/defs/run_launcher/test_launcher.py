"""Runs that are forked from a warm process: begun, killed, interrupted and told of as any run is."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
import yaml

from batch_classifier.defs.names import WAREHOUSE_POOL
from batch_classifier.defs.run_launcher import launcher as launching
from batch_classifier.defs.run_launcher.launcher import WarmRunLauncher
from batch_classifier.defs.run_process import process_of
from batch_classifier_tests.support import launched_jobs
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.repository import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux only")
SECONDS = 90


@dataclass
class Context:
    """What Dagster's daemon hands to a launcher."""

    dagster_run: Any
    workspace: Any = None


@dataclass
class Launched:
    """A Dagster whose dagster.yaml is the project's own."""

    instance: dg.DagsterInstance

    @property
    def launcher(self) -> WarmRunLauncher:
        assert isinstance(self.instance.run_launcher, WarmRunLauncher)
        return self.instance.run_launcher

    @property
    def warm_process_id(self) -> int:
        warm = self.launcher._warm_process()
        assert warm is not None
        return warm.process_id

    def run(self, job: dg.JobDefinition, executable: str | None = None) -> dg.DagsterRun:
        """A run that the daemon would launch now."""
        origin = dg.reconstructable(job).get_python_origin()
        if executable is not None:
            repository = origin.repository_origin._replace(executable_path=executable)
            origin = origin._replace(repository_origin=repository)
        return self.instance.create_run_for_job(job, job_code_origin=origin, status=dg.DagsterRunStatus.STARTING)

    def launch(self, job: dg.JobDefinition) -> dg.DagsterRun:
        run = self.run(job)
        self.launcher.launch_run(Context(run))
        return run

    def now(self, run: dg.DagsterRun) -> dg.DagsterRun:
        found = self.instance.get_run_by_id(run.run_id)
        assert found is not None
        return found

    def ended(self, run: dg.DagsterRun) -> dg.DagsterRunStatus:
        """How the run ends."""
        wait_until(lambda: self.now(run).is_finished)
        return self.now(run).status


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "It takes too long."
        time.sleep(0.05)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dagster")
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def dagster(home: Path) -> Iterator[Launched]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("PYTHONPATH", str(REPOSITORY))
        with dg.DagsterInstance.from_config(".") as instance:
            yield Launched(instance)


@pytest.fixture(autouse=True)
def _nothing_from_before(home: Path) -> None:
    for path in home.glob("*.txt"):
        path.unlink()


def test_a_run_is_forked_from_the_process_that_is_warm(dagster: Launched, home: Path) -> None:
    runs = [dagster.launch(launched_jobs.tells_its_parent) for _ in range(2)]
    assert [dagster.ended(run) for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 2
    assert int((home / "parent.txt").read_text()) == dagster.warm_process_id != os.getpid()
    assert all(process_of(dagster.now(run)) is not None for run in runs)


def test_a_killed_run_is_told_and_its_place_is_free(dagster: Launched) -> None:
    run = dagster.launch(launched_jobs.is_killed)
    assert dagster.ended(run) is dg.DagsterRunStatus.FAILURE
    (end,) = dagster.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert "signal 9" in end.message and "materialize again" in end.message
    log = dagster.instance.event_log_storage
    wait_until(lambda: not log.get_concurrency_info(WAREHOUSE_POOL).claimed_slots)


def test_a_run_that_fails_fails_with_its_own_reason(dagster: Launched) -> None:
    run = dagster.launch(launched_jobs.fails)
    assert dagster.ended(run) is dg.DagsterRunStatus.FAILURE
    assert len(dagster.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)) == 1


def test_a_run_of_a_prompt_with_an_error_says_it_and_what_to_do(dagster: Launched, home: Path) -> None:
    """Dagster's own word is that it could not load a job."""
    file = home / "prompts/tickets.yaml"
    file.parent.mkdir()
    good = yaml.safe_dump(prompt_content())
    for content in (good, "description: What: a ticket\n", good):
        file.write_text(content, encoding="utf-8")
        run = dagster.launch(launched_jobs.classify_tickets)
        if content == good:
            assert dagster.ended(run) is dg.DagsterRunStatus.SUCCESS
            continue
        (end,) = dagster.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        assert end.message.startswith("prompts/tickets.yaml: is not valid YAML") and "in quotes" in end.message
        assert end.message.endswith("Correct the file, then materialize again.")


def test_what_a_run_prints_is_no_word_to_the_launcher(dagster: Launched) -> None:
    assert dagster.ended(dagster.launch(launched_jobs.prints)) is dg.DagsterRunStatus.SUCCESS
    assert dagster.ended(dagster.launch(launched_jobs.tells_its_parent)) is dg.DagsterRunStatus.SUCCESS


def test_a_run_is_interrupted_from_another_process(dagster: Launched, home: Path) -> None:
    run = dagster.launch(launched_jobs.waits)
    wait_until((home / "waits.txt").exists)
    with dg.DagsterInstance.from_config(".") as web_server:
        assert web_server.run_launcher.terminate(run.run_id)
        assert dagster.ended(run) is dg.DagsterRunStatus.CANCELED
        assert not web_server.run_launcher.terminate(run.run_id)


def test_a_run_outlives_the_launcher(dagster: Launched, home: Path) -> None:
    """As when Dagster is restarted: the run goes on, and the warm process ends after it."""
    warm = psutil.Process(dagster.warm_process_id)
    run = dagster.launch(launched_jobs.waits)
    wait_until((home / "waits.txt").exists)
    dagster.launcher.dispose()
    (home / "go_on.txt").touch()
    assert dagster.ended(run) is dg.DagsterRunStatus.SUCCESS
    assert psutil.wait_procs([warm], SECONDS)[1] == []


@pytest.mark.long
def test_another_warm_process_takes_the_place_of_one_that_was_killed(dagster: Launched) -> None:
    before = dagster.warm_process_id
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: dagster.launcher._warm is None or dagster.launcher._warm.has_ended)
    assert dagster.ended(dagster.launch(launched_jobs.tells_its_parent)) is dg.DagsterRunStatus.SUCCESS
    assert dagster.warm_process_id != before


@pytest.mark.long
def test_changed_code_is_imported_anew(dagster: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dagster.warm_process_id
    assert dagster.warm_process_id == before
    monkeypatch.setattr(launching, "code_as_it_is", lambda: (1, 1))
    assert dagster.warm_process_id != before


@pytest.fixture
def by_dagster(monkeypatch: pytest.MonkeyPatch) -> list[dg.DagsterRun]:
    """The runs that were left to Dagster's own launcher."""
    left: list[dg.DagsterRun] = []
    monkeypatch.setattr(dg.DefaultRunLauncher, "launch_run", lambda self, context: left.append(context.dagster_run))
    return left


def test_what_cannot_be_forked_is_left_to_dagsters_own(dagster: Launched, by_dagster: list[dg.DagsterRun]) -> None:
    """A code location with another Python."""
    run = dagster.run(launched_jobs.tells_its_parent, executable="/usr/bin/another-python")
    dagster.launcher.launch_run(Context(run))
    assert by_dagster == [run]


def test_without_a_warm_process_dagsters_own_is_taken(
    home: Path, by_dagster: list[dg.DagsterRun], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_process(*_arguments: object, **_options: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.chdir(home)
    with dg.DagsterInstance.from_config(".") as instance:
        other = Launched(instance)
        runs = [other.run(launched_jobs.tells_its_parent) for _ in range(2)]
        monkeypatch.setattr(subprocess, "Popen", no_process)
        for run in runs:
            other.launcher.launch_run(Context(run))
    assert by_dagster == runs
    (told,) = (record.getMessage() for record in caplog.records if record.name.startswith("batch_classifier"))
    assert "Resource temporarily unavailable" in told


def test_an_end_that_cannot_be_noted_keeps_no_other_from_being_heard_of(
    dagster: Launched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_arguments: object) -> None:
        raise OSError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(dagster.instance, "report_run_failed", locked)
        lost = dagster.launch(launched_jobs.is_killed)
        wait_until(lambda: any("could not be noted" in record.getMessage() for record in caplog.records))
    assert not dagster.now(lost).is_finished
    assert dagster.ended(dagster.launch(launched_jobs.is_killed)) is dg.DagsterRunStatus.FAILURE
