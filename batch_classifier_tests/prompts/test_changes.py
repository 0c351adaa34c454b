"""Prompt files that changed since they were loaded: told by name, whatever way they changed, and found out at little cost."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from batch_classifier.prompts import changes
from batch_classifier.prompts.changes import PromptChanges, contents_of, difference
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.prompt_content import prompt_content


def write(folder: Path, name: str, **changed: Any) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(prompt_content(**changed)), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two prompts."""
    for name in ("tickets", "calls"):
        write(tmp_path, name)
    return tmp_path


@pytest.fixture
def watched(folder: Path) -> PromptChanges:
    """The folder, as a process has loaded it."""
    return PromptChanges(folder, load_prompts(folder))


def test_nothing_is_told_of_files_that_are_as_they_were(watched: PromptChanges) -> None:
    assert watched.sentence() is None and watched.sentence() is None


@pytest.mark.parametrize(
    "changed",
    [
        {"instructions": prompt_content()["instructions"] + " Be brief."},
        {"budget_usd": 7},
        {"description": "another"},
        {"results": ["xlsx"]},
        {"input": {"text": "body"}},
        {"rerun_older_versions": True},
    ],
)
def test_whatever_changes_in_a_prompt_is_told_also_where_its_version_stays(
    watched: PromptChanges, folder: Path, changed: dict[str, Any]
) -> None:
    write(folder, "tickets", **changed)
    told = watched.sentence()
    assert told is not None and is_one_sentence(told)
    assert "tickets (changed)" in told and "calls" not in told and "Reload definitions" in told
    write(folder, "tickets")
    assert watched.sentence() is None, "it is as it was loaded again"


def test_files_that_came_went_or_broke_are_told_together(watched: PromptChanges, folder: Path) -> None:
    write(folder, "deals")
    (folder / "tickets.yaml").unlink()
    write(folder, "calls", fallback=None)
    (folder / "never.yaml").write_text("a: [")
    told = str(watched.sentence())
    assert "calls (has an error now), deals (new), tickets (removed);" in told and "never" not in told


def test_a_comment_or_a_new_time_is_no_change(watched: PromptChanges, folder: Path) -> None:
    path = folder / "tickets.yaml"
    path.write_text("# a comment\n" + path.read_text())
    os.utime(folder / "calls.yaml", (1, 1))
    assert watched.sentence() is None


def test_a_folder_that_is_gone_is_told(watched: PromptChanges, folder: Path) -> None:
    shutil.rmtree(folder)
    assert "calls (removed), tickets (removed)" in str(watched.sentence())


def test_files_are_read_again_only_when_one_has_changed(
    watched: PromptChanges, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def counted(path: Path) -> PromptFolder:
        reads.append(path)
        return load_prompts(path)

    monkeypatch.setattr(changes, "load_prompts", counted)
    for _ in range(3):
        watched.sentence()
    assert len(reads) == 1
    write(folder, "tickets", budget_usd=7)
    for _ in range(3):
        assert watched.sentence() is not None
    assert len(reads) == 2
    # In place of the old file, of the same size and time: as `mv`, or a mounted configuration, does it.
    moment = (folder / "tickets.yaml").stat().st_mtime_ns
    write(folder, "aside", budget_usd=8).rename(folder / "tickets.yaml")
    os.utime(folder / "tickets.yaml", ns=(moment, moment))
    watched.sentence()
    assert len(reads) == 3


def test_one_process_tells_what_another_has_loaded(folder: Path) -> None:
    loaded = contents_of(load_prompts(folder))
    write(folder, "tickets", budget_usd=7)
    assert difference(loaded, load_prompts(folder)) is not None
    assert difference(contents_of(load_prompts(folder)), load_prompts(folder)) is None
