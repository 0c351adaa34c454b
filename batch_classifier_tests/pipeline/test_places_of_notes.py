"""Prompts whose name is that of a kind of notes run through, and a home that an earlier version left goes on where it stood."""

import datetime
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import pytest

from batch_classifier.alerts.sending import Alert, Alerts
from batch_classifier.inference.interface import Job, JobState
from batch_classifier.inference.job_name import job_name
from batch_classifier.notes.held_back import call_held_back
from batch_classifier.notes.reruns import Rerun, RerunNotes, note_reruns
from batch_classifier.notes.retention import Retention, remove_expired
from batch_classifier.notes.waiting import WaitingNotes, forget_waiting, jobs_ahead, note_waiting
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.s3_folder import S3Folder
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.bedrock_pipeline import FEW, TEXTS, pipeline, serving_bedrock
from batch_classifier_tests.support.core_pipeline import statuses
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import CLASSIFYING, Project, scripted
from batch_classifier_tests.support.scripted_inference import ScriptedInference

# Two in every test run; the others are more of the same.
NAMES = [
    pytest.param(name, marks=() if name in (NoteKind.WAITING, "reruns") else pytest.mark.long)
    for name in [*NoteKind, "reruns"]
]
LATER = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=100)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockEmulator]:
    """A fresh emulator for one test."""
    with serving_bedrock(monkeypatch) as serving:
        yield serving


def named(tmp_path: Path, instance: dg.DagsterInstance, name: str) -> Project:
    """A project whose prompt has this name."""
    project = Project(tmp_path / name, ScriptedInference(tmp_path / name), instance, name)
    project.set_prompt()
    return project


def tick(project: Project, sensor: str) -> Any:
    """One tick of a sensor, its partitions added."""
    repository = project.definitions.get_repository_def()
    with dg.build_sensor_context(
        instance=project.instance,
        instance_ref=project.instance.get_ref(),
        repository_def=repository,
        resources=dict(project.definitions.resources or {}),
    ) as context:
        data = repository.get_sensor_def(sensor).evaluate_tick(context)
    for added in data.dynamic_partitions_requests or []:
        project.instance.add_dynamic_partitions(added.partitions_def_name, list(added.partition_keys))
    return data


def asked_for(data: Any) -> list[str]:
    """The request files that a tick asks to be run."""
    return [request.partition_key for request in data.run_requests or []]


def internal_of(project: Project) -> LocalFolder:
    return LocalFolder(project.home / "internal")


def old_name(request_file: str) -> str:
    """The name of a note about a request file, as it has always been."""
    return f"{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_of_any_name_waits_and_runs_through(
    tmp_path: Path, stored_instance: dg.DagsterInstance, name: str
) -> None:
    project = named(tmp_path, stored_instance, name)
    path = project.drop("a.csv", ["My flight", "charged"])
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert asked_for(tick(project, "request_files")) == ["a.csv"]
    scripted(project).waits = True
    assert project.run("a.csv", config={"ops": {f"{name}__batch_job": {"config": {"wait_seconds": 0}}}}).success
    assert "1 request files wait" in tick(project, "finished_jobs").skip_message
    assert asked_for(tick(project, "request_files")) == []
    scripted(project).waits = False
    note_reruns(internal_of(project), [Rerun(name, "a.csv", "a test")])
    assert asked_for(tick(project, "request_files")) == ["a.csv"]
    result = project.run("a.csv")
    assert result.success, failure_of(result)
    assert [row["class"] for row in project.rows("classifications")] == ["Travel", "Billing"]
    assert len(scripted(project).asked) == 2
    assert tick(project, "finished_jobs").skip_message == "0 request files wait for their jobs."


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_any_name_that_nobody_has_read_is_kept(
    tmp_path: Path, stored_instance: dg.DagsterInstance, name: str
) -> None:
    project = named(tmp_path, stored_instance, name)
    project.drop("a.csv", ["My flight", "charged"])
    assert project.make("a.csv", *CLASSIFYING[:2]).success
    internal = internal_of(project)
    before = {file.key for file in internal.list()}
    retention = Retention(10, LocalFolder(project.home / "local_jobs"))
    remove_expired(retention, internal, project.warehouse, [name], LATER)
    assert {file.key for file in internal.list()} == before
    assert project.make("a.csv").success and len(project.rows("classifications")) == 2


@pytest.mark.long
@pytest.mark.parametrize("texts", [FEW, TEXTS], ids=["on demand", "in a batch job"])
@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_of_any_name_runs_through_on_bedrock(
    emulator: BedrockEmulator, tmp_path: Path, name: str, texts: list[str]
) -> None:
    run = pipeline(tmp_path, name=name)
    assert statuses(run.run("a.csv", texts)) == {"classified": len(texts)}
    assert statuses(run.run("b.csv", texts)) == {"classified": len(texts)}
    assert emulator.calls.texts_asked_twice() == []


@pytest.fixture
def old_home(tmp_path: Path, stored_instance: dg.DagsterInstance) -> Project:
    """A project in whose internal folder an earlier version has worked."""
    project = named(tmp_path, stored_instance, f"old{len(list(tmp_path.parent.iterdir()))}")
    (project.home / "internal").mkdir()
    return project


def leave_waiting(project: Project, request_file: str, jobs: dict[str, str], unsent: list[str]) -> None:
    """A note of an earlier version: the request file waits for its jobs."""
    note = {
        "prompt": project.prompt_name,
        "request_file": request_file,
        "since": "2026-01-02T03:04:05+00:00",
        "jobs": jobs,
        "unsent": unsent,
        "model": project.prompt.model.id,
        "noted_at": "2026-01-02T03:04:05+00:00",
    }
    content = json.dumps(note).encode()
    internal_of(project).write_bytes(f"waiting/{project.prompt_name}/{old_name(request_file)}", content)


def kept(internal: Folder) -> set[str]:
    """The folders below the internal one that hold files."""
    return {file.key.split("/")[0] for file in internal.list()}


def test_a_file_that_waited_is_gone_on_with(old_home: Project) -> None:
    leave_waiting(old_home, "a.csv", {"job-1": "scripted:job-1"}, [])
    old_home.instance.add_dynamic_partitions(f"{old_home.prompt_name}_request_files", ["a.csv"])
    scripted(old_home).jobs["job-1"] = Job("job-1", "scripted:job-1", JobState.COMPLETED)
    assert asked_for(tick(old_home, "finished_jobs")) == ["a.csv"]
    assert kept(internal_of(old_home)) == {"_notes"}
    forget_waiting(internal_of(old_home), old_home.prompt, "a.csv")
    assert kept(internal_of(old_home)) == set()


def test_a_file_that_waited_keeps_its_turn_and_is_counted(old_home: Project) -> None:
    internal, prompt = internal_of(old_home), old_home.prompt
    leave_waiting(old_home, "a.csv", {}, ["job-1", "job-2"])
    assert jobs_ahead(internal, prompt, "a.csv", 5) == 0, "its own turn"
    assert jobs_ahead(internal, prompt, "newcomer.csv", 5) == 2
    leave_waiting(old_home, "b.csv", {}, ["job-3"])
    note_waiting(internal, prompt, "b.csv", [], ["job-4"])
    notes = {entry.request_file: entry for _, entry in WaitingNotes().read(internal)}
    note = asdict(notes["b.csv"])
    assert note["since"] == "2026-01-02T03:04:05+00:00" and note["unsent"] == ["job-4"]
    assert kept(internal) == {"_notes"}


def test_a_file_that_is_finished_before_any_sensor_looks_does_not_come_back(old_home: Project) -> None:
    leave_waiting(old_home, "a.csv", {"job-1": "scripted:job-1"}, [])
    old_home.classify("a.csv", ["My flight"])
    assert asked_for(tick(old_home, "finished_jobs")) == []


def test_reruns_that_were_asked_for_are_requested_once(old_home: Project) -> None:
    internal = internal_of(old_home)
    rerun = {"prompt": old_home.prompt_name, "request_file": "a.csv", "reason": "not finished"}
    internal.write_bytes("rerun_requests/20260102T030405000006.json", json.dumps([rerun]).encode())
    notes = RerunNotes()
    for _ in range(2):
        ((_, reruns),) = notes.read(internal)
        assert reruns == [Rerun(**rerun)]
    assert asked_for(tick(old_home, "request_files")) == ["a.csv"]


def test_files_that_were_held_back_are_called(old_home: Project) -> None:
    internal, prompt = internal_of(old_home), old_home.prompt
    for request_file in ("a.csv", "b.csv"):
        content = json.dumps({"request_file": request_file}).encode()
        internal.write_bytes(f"held_back/{prompt.name}/{old_name(request_file)}", content)
    call_held_back(internal, prompt, "b.csv")
    called = [rerun.request_file for _, reruns in RerunNotes().read(internal) for rerun in reruns]
    assert called == ["a.csv"]
    call_held_back(internal, prompt, "c.csv")
    assert len(list(internal.list("_notes/rerun_requests/"))) == 1, "and once only"


def test_what_was_told_is_not_told_again_and_expires(old_home: Project) -> None:
    internal = internal_of(old_home)
    alert = Alert("job", "a.csv", "run", ("it failed",))
    internal.write_bytes(f"alerts/{alert.note_name}", b"{}")
    assert not Alerts(None, []).send_once(alert, internal)
    retention = Retention(10, LocalFolder(old_home.home / "local_jobs"))
    removed = remove_expired(retention, internal, old_home.warehouse, [], LATER)
    assert removed.notes == 1 and kept(internal) == set()


def test_a_job_on_demand_that_was_answered_is_not_asked_again(emulator: BedrockEmulator, tmp_path: Path) -> None:
    run = pipeline(tmp_path)
    run.put("a.csv", FEW)
    run.plan("a.csv")
    assert run.run_jobs("a.csv")
    internal = run.internal
    for file in list(internal.list("_notes/on_demand_jobs/")):
        internal.write_bytes(file.key.removeprefix("_notes/"), internal.read_bytes(file.key) or b"")
        internal.delete(file.key)
    assert kept(internal) == {"on_demand_jobs", "travel"}
    after = pipeline(tmp_path)
    assert after.run_jobs("a.csv") and statuses(after.classify("a.csv")) == {"classified": 30}
    assert emulator.calls.texts().total() == 30


def test_a_job_on_demand_is_left_to_the_process_of_an_earlier_version_while_that_lives(
    emulator: BedrockEmulator, tmp_path: Path
) -> None:
    run = pipeline(tmp_path)
    run.put("a.csv", FEW)
    run.plan("a.csv")
    (batch,) = run.warehouse.query("travel", "select batch from travel.bedrock_jsonl")
    name = job_name(run.prompt, run.prompt.model.id, run.internal, batch["batch"], 1)
    old = S3Folder("s3://internal/work/on_demand_jobs")
    old.write_bytes(f"{name}.json", orjson.dumps(Job(name, f"on-demand:{name}", JobState.IN_PROGRESS, total=30)))
    assert old.create(f"leases/{name}/00000", b"")
    asked_by_look: list[int] = []

    def look(done: int, total: int) -> None:
        asked_by_look.append(emulator.calls.texts().total())
        if len(asked_by_look) == 5:
            old.write_bytes(f"leases/{name}/00000-released", b"")

    jobs = run.jobs("a.csv")
    jobs.on_progress = look
    assert jobs.run(None)
    assert asked_by_look[:5] == [0] * 5
    assert emulator.calls.texts().total() == 30 and emulator.calls.texts_asked_twice() == []
