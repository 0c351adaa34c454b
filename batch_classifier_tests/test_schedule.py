"""The schedule `rerun_unfinished`: at night, what is not finished or failed in part is requested again, and nothing else."""

import dagster as dg
import pytest

from batch_classifier_tests.conftest import CLASSIFYING, Project, by_keyword, prompt_content, scripted
from batch_classifier_tests.test_sensor import Daemon


def reruns(project: Project) -> dict[str, str]:
    """The request files for which a night requests runs, each with its reason: the schedule's job, then the sensor."""
    job = project.definitions.resolve_job_def("rerun_unfinished")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    assert job.execute_in_process(instance=project.instance, run_config=quiet).success
    repository = project.definitions.get_repository_def()
    context = dg.build_sensor_context(
        instance=project.instance,
        instance_ref=project.instance.get_ref(),
        repository_def=repository,
        resources=dict(project.definitions.resources or {}),
    )
    with context:
        data = repository.get_sensor_def("request_files").evaluate_tick(context)
    return {
        str(request.partition_key): request.tags["batch_classifier/reason"]
        for request in data.run_requests or []
        if "batch_classifier/reason" in request.tags
    }


def with_a_fault(text: str) -> str | None:
    return None if text == "Nobody answers this" else by_keyword(text)


def test_only_what_is_unfinished_or_failed_runs_again(stored_project: Project) -> None:
    scripted(stored_project).reply = with_a_fault
    stored_project.classify("good.csv", ["My flight", "charged", ""])
    stored_project.classify("failed.csv", ["My flight", "Nobody answers this"])
    stored_project.drop("stopped.csv", ["A third flight"])
    stored_project.make("stopped.csv", *CLASSIFYING[:2])
    stored_project.drop("unread.csv", b"")
    stored_project.make("unread.csv", "raw_requests")
    assert reruns(stored_project) == {
        "failed.csv": "1 failed requests",
        "stopped.csv": "not finished",
        "unread.csv": "not finished",
    }


def test_a_rerun_finishes_the_work(stored_project: Project) -> None:
    scripted(stored_project).reply = with_a_fault
    stored_project.classify("calls.csv", ["My flight", "Nobody answers this"])
    scripted(stored_project).reply = by_keyword
    assert list(reruns(stored_project)) == ["calls.csv"]
    assert stored_project.make("calls.csv").success
    assert reruns(stored_project) == {}


@pytest.mark.parametrize("asks", [False, True])
def test_older_versions_run_again_where_the_prompt_says_so(stored_project: Project, asks: bool) -> None:
    stored_project.classify("calls.csv", ["My flight", "charged"])
    instructions = prompt_content()["instructions"] + " Be brief."
    stored_project.set_prompt(instructions=instructions, rerun_older_versions=asks)
    assert reruns(stored_project) == ({"calls.csv": "2 requests of an older prompt version"} if asks else {})


def test_a_night_without_anything_to_do_is_green(stored_project: Project) -> None:
    assert reruns(stored_project) == {}


def test_a_rerun_is_requested_once_a_night(stored_project: Project) -> None:
    """Ticks that follow, also after a restart, request nothing more; the next night does."""
    stored_project.drop("stopped.csv", ["A third flight"])
    stored_project.make("stopped.csv", "raw_requests")
    job = stored_project.definitions.resolve_job_def("rerun_unfinished")
    daemon = Daemon(stored_project)
    daemon.ticks(2)
    for night in (1, 2):
        assert job.execute_in_process(instance=stored_project.instance).success
        assert daemon.ticks(3) == ["stopped.csv"], night
        daemon.restart()
        assert daemon.ticks(3) == [], night
