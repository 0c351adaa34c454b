"""Each deployment has a Dagster history of its own, as dagster.yaml names it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.defs.project_instance import project_instance
from batch_classifier_tests.support.repository import REPOSITORY

FILES = "travel_request_files"
BEFORE = {
    "RunsOfDeployment": ("dagster._core.storage.runs", "SqliteRunStorage"),
    "EventsOfDeployment": ("batch_classifier.defs.event_log.sqlite", "SqliteEventLog"),
    "SchedulesOfDeployment": ("dagster._core.storage.schedules", "SqliteScheduleStorage"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("BATCH_CLASSIFIER_DEPLOYMENT", "local")
    return tmp_path


@contextmanager
def opened(deployment: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("BATCH_CLASSIFIER_DEPLOYMENT", deployment)
    with project_instance() as instance:
        yield instance


def test_files_runs_and_cursors_of_one_are_not_those_of_the_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also with a setting that nothing can be done with, which is told of elsewhere.
    monkeypatch.setenv("BATCH_CLASSIFIER_MAX_FILE_BYTES", "many")
    for deployment in ("local", "aws"):
        with opened(deployment, monkeypatch) as instance:
            instance.add_dynamic_partitions(FILES, [f"{deployment}.csv"])
            instance.create_run_for_job(dg.GraphDefinition("job").to_job(), tags={"of": deployment})
            instance.daemon_cursor_storage.set_cursor_values({"cursor": deployment})
    for deployment in ("local", "aws"):
        with opened(deployment, monkeypatch) as instance:
            assert instance.get_dynamic_partitions(FILES) == [f"{deployment}.csv"]
            assert [run.tags["of"] for run in instance.get_runs()] == [deployment]
            assert instance.daemon_cursor_storage.get_cursor_values({"cursor"}) == {"cursor": deployment}
    # The local one's is where it was before there were two.
    history = folder / "data/dagster/history"
    assert (history / "runs.db").is_file() and (history / "aws/runs.db").is_file()


def test_a_dagster_yaml_from_before_keeps_its_one_history(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (folder / "dagster.yaml").read_text(encoding="utf-8")
    for now, (module, before) in BEFORE.items():
        text = text.replace(
            f"module: batch_classifier.defs.event_log.deployment_history\n  class: {now}",
            f"module: {module}\n  class: {before}",
        )
    assert "event_log.deployment_history" not in text
    (folder / "dagster.yaml").write_text(text, encoding="utf-8")
    with opened("local", monkeypatch) as instance:
        instance.add_dynamic_partitions(FILES, ["seen.csv"])
    with opened("aws", monkeypatch) as instance:
        assert instance.get_dynamic_partitions(FILES) == ["seen.csv"]
