"""Which files are run, without any orchestrator: its facts are a table."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.notes.reruns import Rerun, note_reruns
from batch_classifier.notes.unreadable import Unreadable, note_unreadable, reading_settings
from batch_classifier.prompts.changes import PromptChanges
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.requests import files_to_run, intake
from batch_classifier.requests.intake import Intake
from batch_classifier.requests.intake_decision import Decision
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.project import Project


@dataclass
class KnownRuns:
    """What an orchestrator would know."""

    partitions: set[str] = field(default_factory=set)
    in_progress: set[str] = field(default_factory=set)
    read: dict[str, str] = field(default_factory=dict)

    def request_files(self, prompt: str) -> set[str]:
        return self.partitions

    def is_in_progress(self, prompt: str, request_file: str) -> bool:
        return request_file in self.in_progress

    def fingerprint_read(self, prompt: str, request_file: str) -> str | None:
        return self.read.get(request_file)

    def queued(self) -> int:
        return 0


class Desk:
    """An intake over a folder; every tick is recorded unless it is said to be lost."""

    def __init__(self, home: Path) -> None:
        self.project = Project(home, None, None)  # type: ignore[arg-type]
        self.project.set_prompt()
        self.prompt = self.project.prompt
        self.customer, self.internal = LocalFolder(home), LocalFolder(home / "internal")
        self.runs, self.tick_number = KnownRuns(), 0
        self.restart()

    def restart(self) -> None:
        folder = load_prompts(self.project.prompts)
        self.intake = Intake(folder, PromptChanges(self.project.prompts, folder))

    def look(self, limits: Limits = DEFAULT_LIMITS, is_lost: bool = False) -> Decision:
        decision = self.intake.decide(self.customer, self.internal, limits, self.runs, self.tick_number)
        if not is_lost:
            self.tick_number = decision.tick
            self.runs.partitions |= {run.request_file for run in decision.runs}
        return decision

    def wanted(self, limits: Limits = DEFAULT_LIMITS) -> list[str]:
        return [run.request_file for run in self.look(limits).runs]

    def drop(self, *names: str, content: bytes = b"id,text\n1,My flight\n") -> None:
        for name in names:
            path = self.project.drop(name, content)
            os.utime(path, (time.time() - 60, time.time() - 60))

    def fingerprint(self, name: str) -> str:
        file = self.customer.find(f"input_data/{self.prompt.name}/{name}")
        assert file is not None
        return file.fingerprint

    def note(self, name: str, fingerprint: str | None = None, is_set_aside: bool = False) -> Unreadable:
        note = Unreadable(
            self.prompt.name,
            name,
            self.fingerprint(name) if fingerprint is None else fingerprint,
            reading_settings(self.prompt, DEFAULT_LIMITS),
            f"'{name}' is broken.",
            "2026-01-01T00:00:00+00:00",
            is_set_aside,
        )
        note_unreadable(self.internal, note)
        self.runs.partitions.add(name)
        return note


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_file_is_wanted_once(desk: Desk) -> None:
    desk.drop("a.csv", "b.csv")
    assert sorted(desk.wanted()) == ["a.csv", "b.csv"]
    assert desk.wanted() == []


def test_after_a_restart_only_what_was_not_read_is_wanted_under_the_same_key(desk: Desk) -> None:
    desk.drop("a.csv", "b.csv")
    keys = {run.request_file: run.key for run in desk.look().runs}
    desk.runs.read["a.csv"] = desk.fingerprint("a.csv")
    desk.restart()
    assert [(run.request_file, run.key) for run in desk.look().runs] == [("b.csv", keys["b.csv"])]


def test_what_a_lost_tick_has_seen_is_seen_again(desk: Desk) -> None:
    desk.look()
    desk.drop("a.csv")
    assert len(desk.look(is_lost=True).runs) == 1
    assert desk.wanted() == ["a.csv"]


def test_a_file_that_a_run_is_at_waits(desk: Desk) -> None:
    desk.drop("a.csv")
    desk.runs = KnownRuns({"a.csv"}, {"a.csv"})
    assert desk.wanted() == []
    desk.runs.in_progress.clear()
    assert desk.wanted() == ["a.csv"]


def test_runs_and_checks_of_a_tick_are_bounded_and_new_files_come_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RUNS_A_TICK", 2)
    monkeypatch.setattr(files_to_run, "CHECKS_A_LOOK", 1)
    desk.drop("k1.csv", "k2.csv", "n1.csv", "n2.csv", "n3.csv")
    desk.runs.partitions = {"k1.csv", "k2.csv"}
    desk.runs.read = {name: desk.fingerprint(name) for name in desk.runs.partitions}
    assert [len(desk.wanted()) for _ in range(3)] == [2, 1, 0]


def test_an_unreadable_file_is_wanted_again_when_it_changes_and_not_before(desk: Desk) -> None:
    desk.drop("a.csv", content=b"")
    desk.note("a.csv")
    assert desk.wanted() == []
    desk.restart()
    decision = desk.look()
    assert decision.runs == [] and "Cannot be read, left alone until they change: tickets/a.csv." in decision.message
    assert [note.request_file for note in decision.unreadable["tickets"]] == ["a.csv"]
    desk.drop("a.csv")
    assert desk.wanted() == ["a.csv"]


def test_a_setting_that_decides_what_can_be_read_gives_it_one_more_run_of_another_key(desk: Desk) -> None:
    desk.drop("a.csv")
    (first,) = desk.look().runs
    desk.note("a.csv")
    desk.restart()
    (again,) = desk.look(Limits(cell_bytes=1 << 25)).runs
    assert again.request_file == "a.csv" and again.key != first.key
    desk.project.set_prompt(input={"text": "words"})
    desk.restart()
    (renamed,) = desk.look().runs
    assert renamed.key not in (first.key, again.key)
    desk.project.set_prompt(description="Another description.")
    desk.restart()
    assert desk.wanted() == [], "this one decides nothing"


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_rerun_of_an_unreadable_file_is_made_only_when_it_has_changed(desk: Desk, is_changed: bool) -> None:
    desk.drop("a.csv", content=b"")
    desk.note("a.csv", fingerprint="another" if is_changed else None)
    desk.runs.read["a.csv"] = desk.fingerprint("a.csv")
    note_reruns(desk.internal, [Rerun("tickets", "a.csv", "not finished"), Rerun("tickets", "b.csv", "not finished")])
    assert [(run.request_file, run.reason) for run in desk.look().runs] == [
        *([("a.csv", "not finished")] if is_changed else []),
        ("b.csv", "not finished"),
    ]


def test_a_note_is_done_with_when_its_file_or_its_partition_is_gone(desk: Desk) -> None:
    desk.drop("here.csv", "partition.csv", "aside.csv", content=b"")
    desk.note("here.csv")
    gone = desk.note("gone.csv", fingerprint="1")
    partition = desk.note("partition.csv")
    desk.note("aside.csv", is_set_aside=True)
    desk.runs.partitions -= {"partition.csv", "aside.csv"}
    decision = desk.look()
    assert (decision.gone, decision.set_aside, decision.runs) == ([gone], [partition], [])
    assert [note.request_file for note in decision.unreadable["tickets"]] == ["here.csv"]
    desk.runs.in_progress = {"gone.csv", "partition.csv"}
    decision = desk.look()
    assert (decision.gone, decision.set_aside) == ([], []), "a run is at them"


def test_an_unreadable_file_that_is_still_being_written_is_not_gone(desk: Desk) -> None:
    desk.note("a.csv", fingerprint="1")
    desk.project.drop("a.csv", b"id,text\n")
    decision = desk.look()
    assert decision.gone == [] and "Still being written" in decision.message


def test_a_folder_that_cannot_be_listed_makes_no_file_gone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.note("a.csv", fingerprint="1")

    def failing(*_: object) -> None:
        raise ClassifierError("The storage cannot list it.")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "look", failing)
        with pytest.raises(ClassifierError):
            desk.look()
    assert len(desk.look().gone) == 1
