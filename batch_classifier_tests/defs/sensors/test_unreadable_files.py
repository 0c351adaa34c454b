"""A file that cannot be read: run once, shown in one place, and without a trace when it or its partition is gone."""

import os
import time

import dagster as dg
import pytest
from dagster import RunsFilter

from batch_classifier_tests.support.project import EVERYTHING, Project, scripted
from batch_classifier_tests.support.sensor_daemon import Daemon

UNREADABLE = [
    pytest.param(b"", id="empty", marks=pytest.mark.long),
    pytest.param(b"PK\x03\x04 no csv", id="no csv", marks=pytest.mark.long),
    pytest.param(b"id,words\n1,My flight\n", id="no text column"),
]


@pytest.fixture
def daemon(stored_project: Project) -> Daemon:
    return Daemon(stored_project)


def drop(daemon: Daemon, name: str, content: bytes = b"id,text\n1,My flight\n", seconds_ago: float = 60.0) -> None:
    path = daemon.project.drop(name, content)
    os.utime(path, (time.time() - seconds_ago, time.time() - seconds_ago))


def red_assets(daemon: Daemon, name: str) -> list[str]:
    """The assets that Dagster shows as failed for a request file."""
    partitions = dg.DynamicPartitionsDefinition(name=f"{daemon.project.prompt_name}_request_files")
    found = []
    for asset in EVERYTHING:
        key = dg.AssetKey([daemon.project.prompt_name, asset])
        status = (daemon.instance.get_status_by_partition(key, [name], partitions) or {}).get(name)
        if status is not None and status.value == "FAILED":
            found.append(asset)
    return found


def check_shown(daemon: Daemon) -> tuple[bool, int] | None:
    """Whether the one check passes, and how many files it names, as it was reported last."""
    key = dg.AssetCheckKey(dg.AssetKey([daemon.project.prompt_name, "raw_requests"]), "request_files_readable")
    record = daemon.instance.get_latest_asset_check_evaluation_record(key)
    evaluation = None if record is None else record.evaluation
    if not isinstance(evaluation, dg.AssetCheckEvaluation):
        # A run has planned it, and did not come to it.
        return None
    assert evaluation.partition is None
    return evaluation.passed, int(evaluation.metadata["unreadable"].value)  # type: ignore[arg-type]


def failed_runs(daemon: Daemon, name: str) -> list[dg.DagsterRun]:
    tags = {"dagster/partition": name}
    runs = daemon.instance.get_runs(RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.FAILURE]))
    return [run for run in runs if run.job_name == f"classify_{daemon.project.prompt_name}"]


def night(daemon: Daemon) -> list[str]:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    job = daemon.project.definitions.resolve_job_def("rerun_unfinished")
    assert job.execute_in_process(instance=daemon.instance, run_config=quiet).success
    return daemon.work(2)


@pytest.mark.parametrize("content", UNREADABLE)
def test_it_is_run_once_whatever_comes_until_it_changes(daemon: Daemon, content: bytes) -> None:
    drop(daemon, "bad.csv", content)
    assert daemon.work(3) == ["bad.csv"]
    assert night(daemon) == []
    daemon.restart()
    daemon.run_keys.clear()
    assert daemon.work(2) == [] and night(daemon) == []
    assert check_shown(daemon) == (False, 1)
    assert "bad.csv" in str(daemon.message) and len(failed_runs(daemon, "bad.csv")) == 1
    drop(daemon, "bad.csv", seconds_ago=30)
    assert daemon.work(2) == ["bad.csv"]
    assert check_shown(daemon) == (True, 0) and red_assets(daemon, "bad.csv") == []


def test_nothing_red_is_left_of_a_file_that_is_deleted(daemon: Daemon) -> None:
    drop(daemon, "good.csv")
    drop(daemon, "bad.csv", b"")
    assert sorted(daemon.work(2)) == ["bad.csv", "good.csv"]
    assert red_assets(daemon, "bad.csv") == list(EVERYTHING) and check_shown(daemon) == (False, 1)
    daemon.project.path_of("bad.csv").unlink()
    assert daemon.work(2) == []
    assert red_assets(daemon, "bad.csv") == [] and check_shown(daemon) == (True, 0)
    assert failed_runs(daemon, "bad.csv") == []
    assert daemon.instance.get_dynamic_partitions(f"{daemon.project.prompt_name}_request_files") == ["good.csv"]
    assert daemon.project.rows("classifications", "good.csv")

    drop(daemon, "bad.csv", b"")
    assert daemon.work(2) == ["bad.csv"], "one that comes back is tried again"


@pytest.mark.long
def test_nothing_red_is_left_of_a_partition_that_is_deleted_and_its_file_stays_out(daemon: Daemon) -> None:
    drop(daemon, "good.csv")
    drop(daemon, "bad.csv", b"")
    daemon.work(2)
    partitions = f"{daemon.project.prompt_name}_request_files"
    daemon.instance.delete_dynamic_partition(partitions, "bad.csv")
    for _ in range(2):
        assert daemon.work(2) == [] and night(daemon) == []
        assert red_assets(daemon, "bad.csv") == [] and check_shown(daemon) == (True, 0)
        assert failed_runs(daemon, "bad.csv") == []
        assert daemon.instance.get_dynamic_partitions(partitions) == ["good.csv"]
        daemon.restart()
        daemon.run_keys.clear()
    drop(daemon, "bad.csv", seconds_ago=30)
    assert daemon.work(2) == ["bad.csv"]
    assert daemon.project.rows("classifications", "bad.csv")


@pytest.mark.long
def test_a_file_that_was_classified_before_it_was_broken_shows_that_again(daemon: Daemon) -> None:
    drop(daemon, "calls.csv")
    daemon.work(2)
    drop(daemon, "calls.csv", b"", seconds_ago=30)
    assert daemon.work(2) == ["calls.csv"] and red_assets(daemon, "calls.csv") == list(EVERYTHING)
    daemon.project.path_of("calls.csv").unlink()
    daemon.work(1)
    assert red_assets(daemon, "calls.csv") == [] and failed_runs(daemon, "calls.csv") == []
    assert daemon.instance.has_dynamic_partition(f"{daemon.project.prompt_name}_request_files", "calls.csv")
    assert len(daemon.project.rows("classifications", "calls.csv")) == 1


def test_a_file_that_is_gone_before_its_run_leaves_nothing_either(daemon: Daemon) -> None:
    drop(daemon, "bad.csv")
    assert daemon.tick() == ["bad.csv"]
    daemon.project.path_of("bad.csv").unlink()
    assert not daemon.project.run("bad.csv").success and red_assets(daemon, "bad.csv") == list(EVERYTHING)
    assert daemon.work(2) == []
    assert red_assets(daemon, "bad.csv") == [] and failed_runs(daemon, "bad.csv") == []
    assert daemon.instance.get_dynamic_partitions(f"{daemon.project.prompt_name}_request_files") == []


def test_runs_that_failed_later_than_at_reading_stay(daemon: Daemon) -> None:
    """What failed at the model is none of the file's, and its run holds materializations."""

    def failing(text: str) -> None:
        raise RuntimeError("the model is out of order")

    scripted(daemon.project).reply = failing
    drop(daemon, "calls.csv")
    assert daemon.work(1) == ["calls.csv"]
    (at_the_model,) = failed_runs(daemon, "calls.csv")
    drop(daemon, "calls.csv", b"", seconds_ago=30)
    assert daemon.work(1) == ["calls.csv"] and len(failed_runs(daemon, "calls.csv")) == 2
    daemon.project.path_of("calls.csv").unlink()
    daemon.work(1)
    assert [run.run_id for run in failed_runs(daemon, "calls.csv")] == [at_the_model.run_id]


def test_the_check_is_reported_when_something_changes_and_not_at_every_tick(daemon: Daemon) -> None:
    key = dg.AssetCheckKey(dg.AssetKey([daemon.project.prompt_name, "raw_requests"]), "request_files_readable")

    def reported() -> int:
        record = daemon.instance.get_latest_asset_check_evaluation_record(key)
        return 0 if record is None else record.id

    daemon.work(2)
    assert reported() == 0, "there is nothing to say"
    drop(daemon, "bad.csv", b"")
    daemon.work(2)
    first = reported()
    daemon.work(3)
    assert reported() == first
    drop(daemon, "worse.csv", b"")
    daemon.work(2)
    assert reported() > first and check_shown(daemon) == (False, 2)
    drop(daemon, "good.csv")
    daemon.work(2)
    assert check_shown(daemon) == (False, 2), "a run on another file takes nothing off the list"


def test_another_failure_than_the_files_is_no_reason_to_leave_it_alone(daemon: Daemon) -> None:
    """A database that cannot be opened says nothing of the file."""
    drop(daemon, "calls.csv")
    warehouse = daemon.project.home / "warehouse.duckdb"
    warehouse.write_bytes(b"no database")
    assert daemon.work(2) == ["calls.csv"] and len(failed_runs(daemon, "calls.csv")) == 1
    assert check_shown(daemon) is None
    warehouse.unlink()
    assert night(daemon) == ["calls.csv"] and daemon.project.rows("classifications", "calls.csv")
