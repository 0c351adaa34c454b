"""Folders of this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from batch_classifier.errors import ClassifierError
from batch_classifier.file_access import PRIVATE, FileAccess
from batch_classifier.storage.folder import Folder, Listing, PassedOver, StoredFile
from batch_classifier.storage.local_entries import LINK, look_at, problem_of_link, walk

# Lines of several kilobytes are found twice as fast in large pieces.
_READ_BYTES = 1 << 20
# The disk takes seconds for what is larger. That is batches, answers and results, all of which can be made again.
_WAITED_FOR_BYTES = 64 << 20


class LocalFolder(Folder):
    """A folder of this machine; `access` says who may read what is written there."""

    is_on_disk = True

    def __init__(self, path: Path, access: FileAccess = PRIVATE) -> None:
        self.access = access
        self.path = path.absolute()
        self.uri = str(self.path)

    def list(self, prefix: str = "") -> Listing:
        """All files whose key starts with the prefix; links to files are followed inside the folder, links to folders never."""
        return Listing(walk(self.path, prefix))

    def find(self, key: str) -> StoredFile | None:
        """The file of that key, or None; raises ClassifierError for one that is there and can't be looked at."""
        found = look_at(self.path, key)
        if isinstance(found, PassedOver) and not found.problem.startswith(LINK):
            raise ClassifierError(f"{self.path / key} {found.problem}.")
        return found if isinstance(found, StoredFile) else None

    @contextmanager
    def read(self, key: str) -> Iterator[BinaryIO]:
        """Open a file to read; it can seek."""
        path = self.path / key
        if (problem := problem_of_link(self.path, key)) is not None:
            raise ClassifierError(f"{path} {problem}: put the file itself there.")
        try:
            file = path.open("rb", buffering=_READ_BYTES)
        except OSError as error:
            raise ClassifierError(f"{path} cannot be read: {error.strerror}.") from error
        with file:
            yield file

    def publish(self, file: Path, key: str) -> None:
        """Move a finished file of the same disk in place, in one step; up to 64 MB, it is whole there also after a power cut."""
        target = self.path / key
        with _told_of(target):
            _put_on_disk(file)
            self.access.make_folder(target.parent)
            file.replace(target)

    def publish_new(self, file: Path, key: str) -> bool:
        """Move a finished file of the same disk in place, unless there is one; True when this call did."""
        target = self.path / key
        with _told_of(target):
            _put_on_disk(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.hardlink_to(file)
            except FileExistsError:
                return False
            except OSError:
                # Some disks know no second name for a file.
                return self._put_at_free_name(file, target)
            file.unlink()
        return True

    def _put_at_free_name(self, file: Path, target: Path) -> bool:
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            return False
        file.replace(target)
        return True

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


def _put_on_disk(file: Path) -> None:
    """Wait until a file's content is on the disk: a name in its place may reach it earlier than what is behind the name."""
    if file.stat().st_size <= _WAITED_FOR_BYTES:
        with file.open("rb+") as written:
            os.fsync(written.fileno())


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ClassifierError(
            f"{path} cannot be written: {error.strerror}; mend that, or set another folder in the settings."
        ) from error
