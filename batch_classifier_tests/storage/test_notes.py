"""Notes in the internal folder: what an earlier version left beside the prompts' folders is honoured, and nothing is lost."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from batch_classifier.prompts.loading import PROMPT_NAME
from batch_classifier.storage.internal_keys import NoteKind, is_old_note, notes_folder
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.notes import KnownNotes, Notes, OldNotes

NAME = "travel/0123.json"


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(LocalFolder(tmp_path), NoteKind.WAITING)


def leave_old(notes: Notes, name: str = NAME, content: bytes = b"old") -> None:
    """A note as an earlier version left it."""
    notes.internal.write_bytes(f"waiting/{name}", content)


def everything(notes: Notes) -> dict[str, bytes | None]:
    """All files of the internal folder."""
    return {file.key: notes.internal.read_bytes(file.key) for file in notes.internal.list()}


@pytest.mark.parametrize("kind", NoteKind)
def test_no_prompt_can_have_the_folder_of_a_kind_of_notes(kind: NoteKind) -> None:
    assert PROMPT_NAME.fullmatch(kind), "the reason why they moved"
    assert not PROMPT_NAME.fullmatch(notes_folder(kind).split("/")[0])


def test_an_old_note_is_read_at_its_place(notes: Notes) -> None:
    assert not notes.is_there(NAME) and notes.read(NAME) is None
    leave_old(notes)
    assert notes.is_there(NAME) and notes.read(NAME) == b"old"


def test_a_note_takes_the_place_of_an_old_one(notes: Notes) -> None:
    leave_old(notes)
    notes.write(NAME, b"new")
    assert everything(notes) == {f"_notes/waiting/{NAME}": b"new"}


def test_deleting_leaves_neither(notes: Notes) -> None:
    leave_old(notes)
    notes.internal.write_bytes(notes.key(NAME), b"new")
    notes.delete(NAME)
    notes.delete(NAME)
    assert everything(notes) == {}


def test_old_notes_move_and_a_newer_one_stays(notes: Notes) -> None:
    leave_old(notes)
    leave_old(notes, "travel/4567.json")
    notes.internal.write_bytes(notes.key(NAME), b"new")
    notes.move_old()
    assert everything(notes) == {f"_notes/waiting/{NAME}": b"new", "_notes/waiting/travel/4567.json": b"old"}
    assert [notes.name_of(file) for file in notes.list("travel/4")] == ["travel/4567.json"]


def test_the_files_of_a_prompt_of_that_name_are_no_notes(notes: Notes) -> None:
    batch = {f"waiting/0123456789ab/fedcba/{name}": b"{}" for name in ("fedcba.jsonl", "answers-local-1.told")}
    for key, content in batch.items():
        notes.internal.write_bytes(key, content)
    leave_old(notes, "waiting/0123.json")
    notes.move_old()
    assert everything(notes) == {**batch, "_notes/waiting/waiting/0123.json": b"old"}
    assert not any(is_old_note(NoteKind.WAITING, key) for key in batch)


def test_whoever_looks_again_and_again_moves_at_the_first_look_and_rarely_after_it(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = OldNotes()
    left_at = {"travel/first.json": 1000.0, "travel/second.json": 1001.0, "travel/third.json": 1600.0}
    seen = []
    for name, moment in left_at.items():
        monkeypatch.setattr("batch_classifier.storage.notes.time", SimpleNamespace(monotonic=lambda at=moment: at))
        leave_old(notes, name)
        old.move(notes)
        seen.append(len(list(notes.list())))
    assert seen == [1, 1, 3]


def test_a_note_is_read_once_for_as_long_as_it_does_not_change(notes: Notes) -> None:
    parsed = []

    def parse(content: bytes) -> str:
        parsed.append(content)
        return content.decode()

    known = KnownNotes(parse)
    for name in ("a", "b"):
        notes.write(f"travel/{name}.json", name.encode())
    for _ in range(2):
        assert sorted(content for _, content in known.read(notes)) == ["a", "b"]
    assert len(parsed) == 2
    notes.write("travel/a.json", b"another")
    notes.delete("travel/b.json")
    assert [content for _, content in known.read(notes)] == ["another"] and len(parsed) == 3
