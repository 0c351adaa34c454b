"""The internal folder with notes apart: batches are shared, notes are not, also those where earlier versions left them."""

from pathlib import Path

import pytest

from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.notes import Notes
from batch_classifier.storage.notes_apart import NotesApart


@pytest.fixture
def folders(tmp_path: Path) -> tuple[LocalFolder, LocalFolder, NotesApart]:
    internal, own = LocalFolder(tmp_path / "internal"), LocalFolder(tmp_path / "own")
    return internal, own, NotesApart(internal, own)


def test_batches_are_shared(folders: tuple[LocalFolder, LocalFolder, NotesApart]) -> None:
    internal, own, apart = folders
    key = "travel/0123456789ab/batch/text_ids.txt"
    apart.write_bytes(key, b"ids")
    assert internal.read_bytes(key) == b"ids" and own.find(key) is None
    assert [file.key for file in apart.list("travel/0123456789ab/")] == [key]
    assert apart.uri_of(key) == internal.uri_of(key) and apart.key_of(internal.uri_of(key)) == key
    with apart.spool() as path:
        path.write_bytes(b"other")
        assert not apart.publish_new(path, key)


def test_notes_are_not(folders: tuple[LocalFolder, LocalFolder, NotesApart]) -> None:
    internal, own, apart = folders
    Notes(internal, NoteKind.WAITING).write("travel/theirs.json", b"theirs")
    notes = Notes(apart, NoteKind.WAITING)
    notes.write("travel/ours.json", b"ours")
    assert [notes.name_of(file) for file in notes.list()] == ["travel/ours.json"]
    assert notes.read("travel/theirs.json") is None
    notes.delete("travel/theirs.json")
    assert [file.key for file in internal.list()] == ["_notes/waiting/travel/theirs.json"]
    with apart.spool() as path:
        path.write_bytes(b"new")
        assert apart.publish_new(path, "_notes/waiting/travel/new.json")
    assert own.read_bytes("_notes/waiting/travel/new.json") == b"new"


def test_old_notes_of_the_team_stay_where_they_are(folders: tuple[LocalFolder, LocalFolder, NotesApart]) -> None:
    internal, _, apart = folders
    internal.write_bytes("waiting/travel/old.json", b"old")
    Notes(apart, NoteKind.WAITING).move_old()
    assert internal.read_bytes("waiting/travel/old.json") == b"old"


def test_a_prompt_with_the_name_of_a_kind_of_notes_keeps_its_batches(
    folders: tuple[LocalFolder, LocalFolder, NotesApart],
) -> None:
    internal, _, apart = folders
    apart.write_bytes("waiting/0123456789ab/batch/text_ids.txt", b"ids")
    assert [file.key for file in internal.list("waiting/0123456789ab/")]
