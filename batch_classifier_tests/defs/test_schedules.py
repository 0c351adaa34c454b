"""The schedule `rerun_unfinished`: at night, what is not finished or failed in part is requested again, and nothing else."""

import pytest

from batch_classifier.defs.schedules import NIGHTS_FOR_FAILED_ROWS
from batch_classifier_tests.support.project import Project, scripted
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.scripted_inference import by_keyword
from batch_classifier_tests.support.sensor_daemon import Daemon


def night(daemon: Daemon) -> dict[str, str]:
    """The request files for which a night has runs launched, each with its reason: the schedule's job, then the sensor."""
    job = daemon.project.definitions.resolve_job_def("rerun_unfinished")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    assert job.execute_in_process(instance=daemon.instance, run_config=quiet).success
    daemon.reasons.clear()
    daemon.ticks(2)
    return dict(daemon.reasons)


@pytest.fixture
def daemon(stored_project: Project) -> Daemon:
    return Daemon(stored_project)


def with_a_fault(text: str) -> str | None:
    return None if text == "Nobody answers this" else by_keyword(text)


@pytest.mark.long
def test_only_what_is_unfinished_or_failed_runs_again(daemon: Daemon) -> None:
    project = daemon.project
    scripted(project).reply = with_a_fault
    project.classify("good.csv", ["My flight", "charged", ""])
    project.classify("failed.csv", ["My flight", "Nobody answers this"])
    project.drop("stopped.csv", ["A third flight"])
    project.make("stopped.csv", "raw_requests")
    project.drop("unread.csv", b"")
    project.make("unread.csv", "raw_requests")
    project.drop("gone.csv", b"").unlink()
    project.make("gone.csv", "raw_requests")
    unfinished = {"stopped.csv": "not finished"}
    assert night(daemon) == {"failed.csv": "1 failed request", **unfinished}, "what cannot be read waits for a change"
    scripted(project).reply = by_keyword
    assert project.make("failed.csv").success
    assert night(daemon) == unfinished, "what has been finished is left alone"


def test_failed_rows_are_asked_again_for_some_nights_and_not_for_ever(daemon: Daemon) -> None:
    """Each run pays for these texts again; another version of the prompt is another question."""
    project = daemon.project
    scripted(project).reply = with_a_fault
    project.classify("failed.csv", ["My flight", "Nobody answers this"])
    for _ in range(NIGHTS_FOR_FAILED_ROWS):
        assert night(daemon) == {"failed.csv": "1 failed request"}
        assert project.make("failed.csv").success
    assert night(daemon) == {}
    project.set_prompt(instructions=prompt_content()["instructions"] + " Be brief.")
    assert project.make("failed.csv").success
    assert night(daemon) == {"failed.csv": "1 failed request"}


def test_older_versions_run_again_where_the_prompt_says_so(daemon: Daemon) -> None:
    daemon.project.classify("calls.csv", ["My flight", "charged"])
    instructions = prompt_content()["instructions"] + " Be brief."
    daemon.project.set_prompt(instructions=instructions)
    assert night(daemon) == {}
    daemon.project.set_prompt(instructions=instructions, rerun_older_versions=True)
    assert night(daemon) == {"calls.csv": "2 requests of an older prompt version"}


def test_a_night_without_anything_to_do_is_green(daemon: Daemon) -> None:
    assert night(daemon) == {}


def test_a_rerun_is_requested_once_a_night(daemon: Daemon) -> None:
    """Ticks that follow, also after a restart, request nothing more; the next night does."""
    daemon.project.drop("stopped.csv", ["A third flight"])
    daemon.project.make("stopped.csv", "raw_requests")
    daemon.ticks(2)
    for _ in range(2):
        assert list(night(daemon)) == ["stopped.csv"]
        daemon.restart()
        assert daemon.ticks(2) == []
