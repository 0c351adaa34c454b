"""A batch that was cut off where it stands is made again before it is sent, the same; one that texts were forgotten from is not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_classifier.batches.bedrock_jsonl import BedrockJsonl
from batch_classifier.batches.forgetting import forget_texts, stored_batches
from batch_classifier.batches.torn_batches import is_torn
from batch_classifier.language.text_id import text_id
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.scripted_inference import ScriptedInference

# One is longer than what is read of a file's end at first.
TEXTS = [*(f"Text {number}" for number in range(120)), "a long one " * 2_000]


@pytest.fixture
def project(projects: Callable[..., Project]) -> Project:
    """A project whose file is written as one batch, which is not sent yet."""
    project = projects(batch_size=1_000)
    project.drop("calls.csv", TEXTS)
    assert project.make("calls.csv", "raw_requests", "bedrock_jsonl").success
    return project


def core(project: Project) -> BedrockJsonl:
    inference = ScriptedInference(project.home)
    return BedrockJsonl(project.prompt, "calls.csv", project.warehouse, inference, inference.internal)


def files(project: Project) -> tuple[Path, Path]:
    """The batch and the list of its texts."""
    (batch,) = project.home.glob("internal/tickets/*/*/*.jsonl")
    return batch, batch.parent / "text_ids.txt"


@pytest.mark.parametrize("torn", [0, 1])
@pytest.mark.parametrize("left", [0.0, 0.5, 0.999])
def test_it_is_made_again_as_it_was(project: Project, torn: int, left: float) -> None:
    before = [path.read_bytes() for path in files(project)]
    path = files(project)[torn]
    os.truncate(path, int(path.stat().st_size * left))
    made = core(project)
    list(made)
    assert [path.read_bytes() for path in files(project)] == before
    (batch,) = made.batches
    assert batch.records == len(TEXTS) and made.new_texts == len(TEXTS)


def test_it_is_made_again_where_whole_lines_are_missing_or_the_file_is(project: Project) -> None:
    path = files(project)[0]
    before = path.read_bytes()
    path.write_bytes(b"".join(before.splitlines(keepends=True)[:-1]))
    list(core(project))
    assert files(project)[0].read_bytes() == before
    path.unlink()
    list(core(project))
    assert files(project)[0].read_bytes() == before


def test_a_whole_one_is_shared(project: Project) -> None:
    written = files(project)[0].stat().st_ino
    made = core(project)
    list(made)
    assert made.on_their_way == len(TEXTS) and files(project)[0].stat().st_ino == written


def test_one_that_texts_were_forgotten_from_is_whole(project: Project) -> None:
    internal = ScriptedInference(project.home).internal
    (batch,) = stored_batches(internal, "tickets")
    assert forget_texts(internal, batch, {text_id(TEXTS[-1]), text_id(TEXTS[3])}, is_rehearsal=False)
    assert not is_torn(internal, project.prompt, batch.name)


def test_one_of_several_texts_a_record_is_looked_at_by_what_its_records_hold(projects: Callable[..., Project]) -> None:
    project = projects(texts_per_record=4)
    project.drop("calls.csv", TEXTS)
    assert project.make("calls.csv", "raw_requests", "bedrock_jsonl").success
    internal = ScriptedInference(project.home).internal
    batch, ids = files(project)
    record_texts = batch.parent / "record_texts.txt"
    before = [path.read_bytes() for path in (batch, ids, record_texts)]
    for path in (batch, ids, record_texts):
        assert not is_torn(internal, project.prompt, batch.stem)
        os.truncate(path, path.stat().st_size - 40)
        assert is_torn(internal, project.prompt, batch.stem)
        list(core(project))
        assert [path.read_bytes() for path in (batch, ids, record_texts)] == before
    (stored,) = stored_batches(internal, "tickets")
    assert forget_texts(internal, stored, {text_id(TEXTS[-1]), text_id(TEXTS[3])}, is_rehearsal=False)
    assert not is_torn(internal, project.prompt, batch.stem)
