"""Retention: old batches go with their answers; those whose answers nobody has read, young ones and tables stay."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_classifier_tests.support.nights import DAY, night
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence
from batch_classifier_tests.support.project import CLASSIFYING, Project, scripted


@pytest.fixture
def project(projects: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that keeps internal files for ten days."""
    monkeypatch.setenv("BATCH_CLASSIFIER_RETENTION_DAYS", "10")
    return projects()


def age(project: Project, days: float) -> None:
    """Let all internal files be so old."""
    for path in internal_files(project):
        moment = time.time() - days * DAY
        os.utime(path, (moment, moment))


def internal_files(project: Project) -> set[Path]:
    """All files of the internal folder, also hidden ones, and the notes of this machine's jobs."""
    return {path for name in ("internal", "local_jobs") for path in (project.home / name).rglob("*") if path.is_file()}


def batch_files(project: Project) -> set[Path]:
    """The files of the batches, without notes."""
    return {path for path in internal_files(project) if project.prompt_name in path.parts}


def test_old_batches_go_and_their_tables_stay(project: Project) -> None:
    rows = project.classify("calls.csv", ["My flight", "charged"])
    age(project, 11)
    assert batch_files(project)
    assert night(project).success and not batch_files(project)
    assert project.rows("classifications") == rows and project.path_of("calls.csv").is_file()


def test_young_batches_stay(project: Project) -> None:
    project.classify("calls.csv", ["My flight"])
    age(project, 9)
    before = batch_files(project)
    assert night(project).success and batch_files(project) == before


def test_a_batch_with_one_young_file_stays_whole(project: Project) -> None:
    project.classify("calls.csv", ["My flight"])
    age(project, 11)
    before = batch_files(project)
    os.utime(sorted(before)[0])
    assert night(project).success and batch_files(project) == before


@pytest.mark.parametrize("assets", [CLASSIFYING[:2], CLASSIFYING[:3]], ids=["sent to nobody", "answered"])
def test_a_batch_that_nobody_has_read_stays_and_is_finished_later(project: Project, assets: tuple[str, ...]) -> None:
    project.drop("calls.csv", ["My flight", "charged"])
    assert project.make("calls.csv", *assets).success
    age(project, 100)
    before = batch_files(project)
    assert night(project).success and batch_files(project) == before
    assert project.make("calls.csv").success and len(project.rows("classifications")) == 2
    assert len(scripted(project).asked) == 2, "nothing is asked twice"


def test_a_file_that_runs_again_asks_nothing_again(project: Project) -> None:
    project.classify("calls.csv", ["My flight", "charged"])
    age(project, 11)
    assert night(project).success
    assert project.make("calls.csv").success and len(project.rows("classifications")) == 2
    assert len(scripted(project).asked) == 2


def test_classifications_alone_are_not_made_from_answers_that_are_gone(project: Project) -> None:
    rows = project.classify("calls.csv", ["My flight", "charged"])
    age(project, 11)
    assert night(project).success
    result = project.make("calls.csv", "classifications")
    assert not result.success and is_one_sentence(failure_of(result))
    assert project.rows("classifications") == rows


def test_notes_of_jobs_and_half_written_files_go_too(project: Project) -> None:
    project.inference = None
    project.restart()
    project.classify("calls.csv", ["My flight", "charged"])
    spool = project.home / "internal" / ".unfinished"
    (spool / ".unfinished-old").write_bytes(b"half")
    (project.home / "internal" / "alerts").mkdir()
    (project.home / "internal" / "alerts" / "told.json").write_bytes(b"{}")
    age(project, 11)
    (spool / ".unfinished-new").write_bytes(b"half")
    assert night(project).success
    assert {path.name for path in internal_files(project) if not path.name.endswith(".lock")} == {".unfinished-new"}
    project.drop("calls.csv", ["My flight", "charged", "another"])
    assert project.make("calls.csv").success and len(project.rows("classifications")) == 3


def test_without_the_setting_nothing_is_removed(projects: Callable[..., Project]) -> None:
    project = projects()
    project.classify("calls.csv", ["My flight"])
    age(project, 4_000)
    before = internal_files(project)
    result = night(project)
    assert result.success and internal_files(project) == before
    assert [event.node_name for event in result.all_node_events if event.is_step_success] == ["find_unfinished"]
