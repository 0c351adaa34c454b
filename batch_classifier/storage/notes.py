"""Notes in the internal folder: small files that one run leaves for another, by name, a folder for each kind.

Earlier versions left them beside the folders of the prompts, where a prompt could have the name of one. What still stands
there is read from there, and brought to its place when all notes of a kind are looked through.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.storage.internal_keys import NoteKind, is_old_note, notes_folder, old_notes_folder

# A run of an earlier version may be under way while a newer one looks, and leave its note at the old place after that.
_MOVES_EVERY_SECONDS = 600.0
# After a restart of a process every note is read at one look.
_READS_AT_ONCE = 8

Content = TypeVar("Content")


@dataclass(frozen=True)
class Notes:
    """The notes of one kind. A name is the note's path below the folder of its kind."""

    internal: Folder
    kind: NoteKind

    def key(self, name: str) -> str:
        """The key of a note in the internal folder."""
        return f"{notes_folder(self.kind)}/{name}"

    def _old_key(self, name: str) -> str:
        return f"{old_notes_folder(self.kind)}/{name}"

    def read(self, name: str) -> bytes | None:
        """A note's content, or None when there is no such note."""
        content = self.internal.read_bytes(self.key(name))
        return self.internal.read_bytes(self._old_key(name)) if content is None else content

    def is_there(self, name: str) -> bool:
        """Whether there is a note of that name."""
        return any(self.internal.find(key) is not None for key in (self.key(name), self._old_key(name)))

    def write(self, name: str, content: bytes) -> None:
        """Leave a note, in the place of an earlier one of that name."""
        self.internal.write_bytes(self.key(name), content)
        self.internal.delete(self._old_key(name))

    def delete(self, name: str) -> None:
        """Remove a note; one that is not there is no error."""
        self.internal.delete(self.key(name))
        self.internal.delete(self._old_key(name))

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """The notes whose name starts with the prefix, without those that are still at the old place."""
        return self.internal.list(self.key(prefix))

    def list_old(self, prefix: str = "") -> Iterator[StoredFile]:
        """The notes at the old place whose name starts with the prefix."""
        return (file for file in self.internal.list(self._old_key(prefix)) if is_old_note(self.kind, file.key))

    def name_of(self, file: StoredFile) -> str:
        """The name of a listed note, at either place."""
        for folder in (notes_folder(self.kind), old_notes_folder(self.kind)):
            if file.key.startswith(f"{folder}/"):
                return file.key.removeprefix(f"{folder}/")
        raise ValueError(f"{file.key} is no note of the kind {self.kind}")

    def move_old(self, prefix: str = "") -> None:
        """Bring the notes at the old place to where they belong. One that has been written anew there stays as it is."""
        for file in list(self.list_old(prefix)):
            name = self.name_of(file)
            content = self.internal.read_bytes(file.key)
            # The old one goes last: whatever ends this process, the note is there.
            if content is not None and self.internal.find(self.key(name)) is None:
                self.internal.write_bytes(self.key(name), content)
            self.internal.delete(file.key)


@dataclass
class OldNotes:
    """Moves old notes for a process that looks through all notes again and again: at its first look, and rarely after it."""

    _moved_at: float | None = None

    def move(self, notes: Notes) -> None:
        """Move them if it is time to."""
        now = time.monotonic()
        if self._moved_at is None or now - self._moved_at >= _MOVES_EVERY_SECONDS:
            notes.move_old()
            self._moved_at = now


class KnownNotes(Generic[Content]):
    """Reads all notes of a kind again and again, each once for as long as it does not change: a thousand cost one listing a look.

    Args:
        parse: makes of a note's bytes what it says.
    """

    def __init__(self, parse: Callable[[bytes], Content]) -> None:
        self._parse = parse
        self._known: dict[str, tuple[StoredFile, Content]] = {}

    def read(self, notes: Notes) -> list[tuple[StoredFile, Content]]:
        """The notes as they are now, in no particular order."""
        listed = {file.key: file for file in notes.list()}
        found = {key: entry for key, entry in self._known.items() if key in listed and _is_same(entry[0], listed[key])}
        changed = [key for key in listed if key not in found]
        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            for key, content in zip(changed, pool.map(notes.internal.read_bytes, changed), strict=True):
                if content is not None:
                    found[key] = (listed[key], self._parse(content))
        self._known = found
        return list(found.values())


def _is_same(one: StoredFile, other: StoredFile) -> bool:
    return one.fingerprint == other.fingerprint and one.modified == other.modified
