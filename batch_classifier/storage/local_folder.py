"""Folders of this machine."""

import datetime
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.storage.folder import Folder, StoredFile

# Lines of several kilobytes are found twice as fast in large pieces.
_READ_BYTES = 1 << 20


class LocalFolder(Folder):
    """A folder of this machine."""

    # What is published is for the folder's readers, as any new file is. The system takes the umask off when the file is made:
    # to ask for it afterwards means to change it, for all threads.
    spool_mode = 0o666

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
        with _told_of(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        with _told_of(self.path / key):
            (self.path / key).unlink(missing_ok=True)

    @contextmanager
    def spool(self) -> Iterator[Path]:
        """A path to write a file at that is not visible yet; raises ClassifierError where nothing can be written."""
        with ExitStack() as stack:
            with _told_of(self.path):
                path = stack.enter_context(super().spool())
            yield path

    def spool_directory(self) -> Path:
        """A hidden folder beside the files, so that publishing is a rename."""
        return self.path / ".unfinished"

    def delete_folder(self, key: str) -> None:
        """Remove a folder and all below it."""
        shutil.rmtree(self.path / key, ignore_errors=True)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ClassifierError(
            f"{path} cannot be written: {error.strerror}; mend that, or set another folder in the settings."
        ) from error
