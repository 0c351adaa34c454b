"""Folders of files, on this machine or on S3, behind one small interface: list, read as a stream, publish whole or not at all."""

import datetime
import os
import shutil
import stat
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from batch_classifier.errors import ClassifierError, SettingError

# Lines of several kilobytes are found twice as fast in large pieces.
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class StoredFile:
    """A file in a folder. `fingerprint` changes with its content; `modified` is when it last did."""

    key: str
    size: int
    modified: datetime.datetime
    fingerprint: str


class Folder(ABC):
    """A folder of files. Keys are paths below it, with forward slashes."""

    uri: str

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[StoredFile]:
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
    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""

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
        directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".unfinished-", dir=directory)
        os.close(handle)
        path = Path(name)
        try:
            yield path
        finally:
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


class LocalFolder(Folder):
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.uri = str(self.path)

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """All files whose key starts with the prefix; what cannot be looked at any more is passed over."""
        start = self.path / prefix if prefix.endswith("/") or not prefix else (self.path / prefix).parent
        for directory, directories, names in os.walk(start):
            directories[:] = [name for name in directories if not name.startswith(".")]
            for name in names:
                path = Path(directory) / name
                key = path.relative_to(self.path).as_posix()
                if key.startswith(prefix) and (found := self._look_at(path, key)) is not None:
                    yield found

    def find(self, key: str) -> StoredFile | None:
        """The file of that key, or None."""
        return self._look_at(self.path / key, key)

    def _look_at(self, path: Path, key: str) -> StoredFile | None:
        try:
            state = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(state.st_mode):
            return None
        modified = datetime.datetime.fromtimestamp(state.st_mtime, tz=datetime.UTC)
        return StoredFile(key, state.st_size, modified, f"{state.st_mtime_ns}-{state.st_size}")

    @contextmanager
    def read(self, key: str) -> Iterator[BinaryIO]:
        """Open a file to read; it can seek."""
        path = self.path / key
        try:
            file = path.open("rb", buffering=_READ_BYTES)
        except OSError as error:
            raise ClassifierError(f"{path} cannot be read: {error.strerror}.") from error
        with file:
            yield file

    def publish(self, file: Path, key: str) -> None:
        """Move a finished file of the same disk in place, in one step."""
        target = self.path / key
        target.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes files private; what is published is for the folder's readers, as with any new file.
        umask = os.umask(0)
        os.umask(umask)
        file.chmod(0o666 & ~umask)
        file.replace(target)

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        (self.path / key).unlink(missing_ok=True)

    def spool_directory(self) -> Path:
        """A hidden folder beside the files, so that publishing is a rename."""
        return self.path / ".unfinished"

    def delete_folder(self, key: str) -> None:
        """Remove a folder and all below it."""
        shutil.rmtree(self.path / key, ignore_errors=True)


def open_folder(location: str, kms_key_id: str | None = None) -> Folder:
    """The folder at a path or an `s3://bucket/prefix`; raises SettingError for any other address."""
    if location.startswith("s3://"):
        from batch_classifier.s3_storage import S3Folder

        return S3Folder(location, kms_key_id=kms_key_id)
    if "://" in location:
        raise SettingError(f"{location} is neither a folder nor an s3:// address.")
    return LocalFolder(Path(location))
