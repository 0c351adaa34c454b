"""The internal folder with notes of its own: a run that nobody is to come back for shares batches and answers, and leaves no note."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from batch_classifier.storage.folder import Folder, Listing, StoredFile
from batch_classifier.storage.internal_keys import NoteKind, is_note

_OLD_NOTES = frozenset(NoteKind)
_PROMPT_VERSION = re.compile(r"[0-9a-f]{12}")


class NotesApart(Folder):
    """Batches and answers are those of `internal`, notes those of another folder.

    Without it, the sensor would come back for the run's file, rerun others for it, or list it as unreadable.
    """

    def __init__(self, internal: Folder, notes: Folder) -> None:
        self.internal = internal
        self.notes = notes
        self.uri = internal.uri
        self.access = internal.access

    def list(self, prefix: str = "") -> Listing:
        """The files below a prefix, which is one of notes or one of batches."""
        return self._of(prefix).list(prefix)

    def find(self, key: str) -> StoredFile | None:
        """The file of that key, or None."""
        return self._of(key).find(key)

    @contextmanager
    def read(self, key: str) -> Iterator[BinaryIO]:
        """Open a file to read; it can seek."""
        with self._of(key).read(key) as file:
            yield file

    def publish(self, file: Path, key: str) -> None:
        """Put a finished file in place."""
        if (folder := self._of(key)) is self.internal:
            folder.publish(file, key)
            return
        # It lies where the batches do, which may be another disk.
        with folder.spool() as path:
            shutil.copyfile(file, path)
            folder.publish(path, key)

    def publish_new(self, file: Path, key: str) -> bool:
        """The same, unless there is a file of that key."""
        if (folder := self._of(key)) is self.internal:
            return folder.publish_new(file, key)
        with folder.spool() as path:
            shutil.copyfile(file, path)
            return folder.publish_new(path, key)

    def delete(self, key: str) -> None:
        """Remove a file."""
        self._of(key).delete(key)

    def forget_versions(self, prefix: str, is_concerned: Callable[[str], bool]) -> int:
        """Remove earlier versions of files."""
        return self._of(prefix).forget_versions(prefix, is_concerned)

    @contextmanager
    def spool(self) -> Iterator[Path]:
        """A path to write a file at, as the internal folder gives it."""
        with self.internal.spool() as path:
            yield path

    def spool_directory(self) -> Path:
        """Where the internal folder's files are written first."""
        return self.internal.spool_directory()

    def _of(self, key: str) -> Folder:
        return self.notes if is_note(key) or _may_be_old_note(key) else self.internal


def _may_be_old_note(key: str) -> bool:
    """Whether a key is where earlier versions left notes; a prompt of that name has its versions there."""
    first, _, rest = key.partition("/")
    return first in _OLD_NOTES and _PROMPT_VERSION.fullmatch(rest.partition("/")[0]) is None
