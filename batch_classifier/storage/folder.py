"""Folders of files, on this machine or on S3, behind one small interface: list, read as a stream, publish whole or not at all."""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.file_access import PRIVATE
from batch_classifier.storage.unfinished import remove_abandoned, unfinished_name


@dataclass(frozen=True)
class StoredFile:
    """A file in a folder. `fingerprint` changes with its content; `modified` is when it last did."""

    key: str
    size: int
    modified: datetime.datetime
    fingerprint: str


@dataclass(frozen=True)
class PassedOver:
    """What is in a folder and can't be a file of it; `problem` goes on after its name, as in "is a link that leads nowhere"."""

    key: str
    problem: str


class Listing(Iterator[StoredFile]):
    """The files of a folder, one after another; what is passed over on the way is in `passed_over`, and stops nothing."""

    def __init__(self, found: Iterator[StoredFile | PassedOver]) -> None:
        self.passed_over: list[PassedOver] = []
        self._found = found

    def __next__(self) -> StoredFile:
        """The next file."""
        for found in self._found:
            if isinstance(found, StoredFile):
                return found
            self.passed_over.append(found)
        raise StopIteration


class Folder(ABC):
    """A folder of files. Keys are paths below it, with forward slashes."""

    uri: str
    # Of files that are written here; on a disk that is shared, nobody else may read one that is not published yet.
    access = PRIVATE
    # Whether a file can be cut off where it stands, as by a disk that fails.
    is_on_disk = False

    @abstractmethod
    def list(self, prefix: str = "") -> Listing:
        """All files whose key starts with the prefix, below any number of folders, in no particular order."""

    @abstractmethod
    def find(self, key: str) -> StoredFile | None:
        """The file of that key, or None."""

    @abstractmethod
    @contextmanager
    def read(self, key: str) -> Iterator[BinaryIO]:
        """Open a file to read; it can seek. Raises ClassifierError naming the file when it is not there."""

    @abstractmethod
    def publish(self, file: Path, key: str) -> None:
        """Put a finished local file in place, whole or not at all, replacing what was there. The local file is used up."""

    @abstractmethod
    def publish_new(self, file: Path, key: str) -> bool:
        """The same, unless there is a file of that key; True when this call put it there, also of several at once."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""

    def forget_versions(self, prefix: str, is_concerned: Callable[[str], bool]) -> int:
        """Remove what is kept of files that were replaced or deleted, of the concerned keys below a prefix.

        Returns how many versions that were; a folder that keeps none has nothing to do.
        """
        return 0

    @abstractmethod
    def spool_directory(self) -> Path:
        """Where files are written before they are published."""

    def uri_of(self, key: str) -> str:
        """The full address of a key."""
        return f"{self.uri.rstrip('/')}/{key}"

    def key_of(self, uri: str) -> str:
        """The key of a full address; raises ClassifierError when it is not below this folder."""
        start = self.uri.rstrip("/") + "/"
        if not uri.startswith(start):
            raise ClassifierError(f"{uri} is not below {self.uri}; the settings have changed since it was written.")
        return uri[len(start) :]

    @contextmanager
    def spool(self) -> Iterator[Path]:
        """A path to write a file at that is not visible yet; `publish` it, or it is gone at the end."""
        directory = self.spool_directory()
        self.access.make_folder(directory)
        remove_abandoned(directory)
        path = directory / unfinished_name()
        # Exclusively: a link that stands there is not followed.
        self.access.make_file(path)
        try:
            yield path
        finally:
            # What cannot be removed is left to a later process, and hides no error.
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def write_bytes(self, key: str, content: bytes) -> None:
        """Publish a small file."""
        with self.spool() as path:
            path.write_bytes(content)
            self.publish(path, key)

    def read_bytes(self, key: str) -> bytes | None:
        """A small file's content, or None when it is not there."""
        if self.find(key) is None:
            return None
        with self.read(key) as file:
            return file.read()
