"""Request and result files go when they are old and a setting says so; what is not classified yet, and what is young, stays."""

from collections.abc import Callable
from pathlib import Path

import pytest

from batch_classifier_tests.support.nights import let_be_old, night
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import EVERYTHING, Project


def results_of(project: Project) -> list[Path]:
    return [path for path in (project.home / "output_data").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("settings", "requests_stay", "results_stay"),
    [
        ({}, True, True),
        ({"REQUEST": 10}, False, True),
        ({"RESULT": 10}, True, False),
        ({"REQUEST": 10, "RESULT": 10}, False, False),
        ({"REQUEST": 12, "RESULT": 12}, True, True),
    ],
)
def test_old_files_go_as_the_settings_say_and_rows_stay(
    projects: Callable[..., Project],
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, int],
    requests_stay: bool,
    results_stay: bool,
) -> None:
    for name, days in settings.items():
        monkeypatch.setenv(f"BATCH_CLASSIFIER_{name}_RETENTION_DAYS", str(days))
    project = projects()
    rows = project.classify("calls.csv", ["My flight", "charged"], *EVERYTHING)
    (result,) = results_of(project)
    let_be_old(project.path_of("calls.csv"), 11)
    let_be_old(result, 11)
    done = night(project)
    assert done.success, failure_of(done)
    assert project.path_of("calls.csv").is_file() is requests_stay and result.is_file() is results_stay
    assert project.rows("classifications") == rows
    assert night(project).success, "a file that is gone is no failure"


def test_a_request_file_that_is_not_classified_stays(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_REQUEST_RETENTION_DAYS", "10")
    project.drop("calls.csv", ["My flight"])
    assert project.make("calls.csv", "raw_requests", "bedrock_jsonl").success
    let_be_old(project.drop("new.csv", ["charged"]), 11)
    let_be_old(project.path_of("calls.csv"), 11)
    assert night(project).success
    assert project.path_of("calls.csv").is_file() and project.path_of("new.csv").is_file()
