"""Runs that were killed: told from live ones by the process that a run is marked with, and ended with their places freed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import dagster as dg
import psutil
import pytest

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.defs.names import PROCESS_TAG, WAREHOUSE_POOL
from batch_classifier.defs.run_process import RunProcess, process_of, this_process
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.repository import REPOSITORY


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(
        str(tmp_path), overrides={"concurrency": {"pools": {"default_limit": 1, "granularity": "op"}}}
    ) as opened:
        yield opened


@dg.job
def nothing() -> None: ...


def started_run(instance: dg.DagsterInstance, process: RunProcess | None, of_run: str | None = None) -> dg.DagsterRun:
    """A run that Dagster shows as running, with a place in the pool; the mark is that of `of_run`, by default its own."""
    run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
    if process is not None:
        mark = asdict(replace(process, run_id=of_run or run.run_id))
        instance.add_run_tags(run.run_id, {PROCESS_TAG: json.dumps(mark)})
    instance.event_log_storage.initialize_concurrency_limit_to_default(WAREHOUSE_POOL)
    instance.event_log_storage.claim_concurrency_slot(WAREHOUSE_POOL, run.run_id, "step")
    return run


def holders(instance: dg.DagsterInstance) -> set[str]:
    return {slot.run_id for slot in instance.event_log_storage.get_concurrency_info(WAREHOUSE_POOL).claimed_slots}


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def gone() -> RunProcess:
    """A process of this host that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        process.communicate(b"\n")
    return replace(
        this_process(""), process_id=process.pid, started_at=started, after_boot=started - psutil.boot_time()
    )


def test_a_run_whose_process_is_gone_is_ended_and_its_place_is_free(instance: dg.DagsterInstance) -> None:
    run = started_run(instance, gone())
    assert holders(instance) == {run.run_id}
    assert end_abandoned_runs(instance) == [run.run_id]
    assert status_of(instance, run) is dg.DagsterRunStatus.FAILURE and holders(instance) == set()
    assert end_abandoned_runs(instance) == []


def test_a_live_run_stays(instance: dg.DagsterInstance) -> None:
    run = started_run(instance, this_process(""))
    assert end_abandoned_runs(instance) == []
    assert status_of(instance, run) is dg.DagsterRunStatus.STARTED and holders(instance) == {run.run_id}


def test_a_run_of_another_host_stays(instance: dg.DagsterInstance) -> None:
    """Its process id says nothing here, whether there is such a process or not."""
    runs = [
        started_run(instance, replace(process, host="worker-2.example.com")) for process in (this_process(""), gone())
    ]
    assert end_abandoned_runs(instance) == []
    assert {status_of(instance, run) for run in runs} == {dg.DagsterRunStatus.STARTED}


def test_a_process_id_that_was_given_to_another_process_is_noticed(instance: dg.DagsterInstance) -> None:
    """This process has the id, and was started later than the run's."""
    process = this_process("")
    earlier = replace(process, started_at=process.started_at - 60, after_boot=process.after_boot - 60)
    run = started_run(instance, earlier)
    assert end_abandoned_runs(instance) == [run.run_id]


def test_a_killed_process_that_nobody_has_collected_is_gone(instance: dg.DagsterInstance) -> None:
    """As in a container whose first process looks after no others."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid)
        seen = started.create_time()
        mark = replace(this_process(""), process_id=process.pid, started_at=seen, after_boot=seen - psutil.boot_time())
        run = started_run(instance, mark)
        assert end_abandoned_runs(instance) == []
        process.kill()
        while started.status() != psutil.STATUS_ZOMBIE:
            pass
        assert end_abandoned_runs(instance) == [run.run_id]


@pytest.mark.parametrize(
    "seen", [{"started_at": -3_600.0}, {"after_boot": 3_600.0}, {"started_at": 0.9, "after_boot": -0.9}]
)
def test_a_clock_that_is_set_ends_no_run(instance: dg.DagsterInstance, seen: dict[str, float]) -> None:
    """Start times are told by the clock of the day or by that of the machine's start; one of them moves when it is set."""
    process = this_process("")
    moved = replace(process, **{name: getattr(process, name) + by for name, by in seen.items()})
    started_run(instance, moved)
    assert end_abandoned_runs(instance) == []


@pytest.mark.parametrize("mark", [None, "", "{}", "4711", '{"process_id": 1}'])
def test_a_run_without_a_mark_that_can_be_read_stays(instance: dg.DagsterInstance, mark: str | None) -> None:
    run = started_run(instance, None)
    if mark is not None:
        instance.add_run_tags(run.run_id, {PROCESS_TAG: mark})
    assert end_abandoned_runs(instance) == []
    assert status_of(instance, run) is dg.DagsterRunStatus.STARTED


def test_a_run_that_took_over_the_tags_of_a_killed_one_stays(instance: dg.DagsterInstance) -> None:
    """As a run that is started again from the UI does, until it has set up its resources."""
    killed = started_run(instance, gone())
    again = started_run(instance, gone(), of_run=killed.run_id)
    assert end_abandoned_runs(instance) == [killed.run_id]
    assert status_of(instance, again) is dg.DagsterRunStatus.STARTED


def test_a_run_that_ended_meanwhile_is_left_as_it_ended(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started_run(instance, gone())
    read_before = instance.get_runs()
    instance.report_run_canceled(run)
    monkeypatch.setattr(type(instance), "get_runs", lambda self, filters: read_before)
    assert end_abandoned_runs(instance) == []
    assert status_of(instance, run) is dg.DagsterRunStatus.CANCELED and holders(instance) == set()


@dg.op
def looks_for_abandoned_runs(context: dg.OpExecutionContext) -> None:
    mark = asdict(replace(gone(), run_id=context.run_id))
    context.instance.add_run_tags(context.run_id, {PROCESS_TAG: json.dumps(mark)})
    assert end_abandoned_runs(context.instance) == []


@dg.job(executor_def=dg.multiprocess_executor)
def in_processes() -> None:
    looks_for_abandoned_runs()


@pytest.mark.long
def test_where_steps_have_processes_of_their_own_the_run_is_left_alone(instance: dg.DagsterInstance) -> None:
    """The mark may be that of a step which has ended, while the run goes on."""
    with dg.execute_job(dg.reconstructable(in_processes), instance=instance) as result:
        assert result.success


def test_every_run_is_marked_with_its_process_before_its_first_step(project: Project) -> None:
    project.drop("calls.csv", ["My flight"])
    for assets in ((), ("result_files",)):
        result = project.run("calls.csv", *assets)
        assert result.success
        run = project.instance.get_run_by_id(result.run_id)
        assert run is not None
        process = process_of(run)
        assert process is not None and process.process_id == os.getpid() and process.is_of_this_host()
        assert not process.is_gone()
    nightly = project.definitions.resolve_job_def("rerun_unfinished").execute_in_process(instance=project.instance)
    run = project.instance.get_run_by_id(nightly.run_id)
    assert run is not None and process_of(run) is not None


KILLED = """
import os, pathlib, sys
import dagster as dg
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.scripted_inference import ScriptedInference

class Dying(ScriptedInference):
    def submit(self, request):
        os.kill(os.getpid(), 9)

home = pathlib.Path(sys.argv[1])
with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
    project = Project(home, Dying(home), instance)
    project.drop("calls.csv", ["My flight"])
    project.run("calls.csv")
"""


def test_a_run_that_is_killed_in_earnest_is_ended(tmp_path: Path) -> None:
    home = tmp_path / "project"
    (home / "dagster").mkdir(parents=True)
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        project = Project(home, None, instance)
        project.set_prompt()
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(home)], cwd=REPOSITORY, capture_output=True, check=False, timeout=120
        )
        assert killed.returncode == -9, killed.stderr.decode()
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.STARTED
        assert end_abandoned_runs(instance) == [run.run_id]
        assert status_of(instance, run) is dg.DagsterRunStatus.FAILURE
