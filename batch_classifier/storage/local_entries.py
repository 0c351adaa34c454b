"""What stands in a folder of this machine: its files, and what is there that can't be one, each told by its name.

Links to files are followed where they lead to a file of the same folder. Whoever may drop files could otherwise have any file of the
machine read. Links to folders are not followed, for they may lead round in a circle.
"""

import datetime
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from batch_classifier.storage.folder import PassedOver, StoredFile

# How the problem of every link that is not followed begins.
LINK = "is a link"
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def walk(root: Path, prefix: str) -> Iterator[StoredFile | PassedOver]:
    """The files below `root` whose key starts with the prefix, but for those in hidden folders, and what is no file.

    One entry that can't be looked at does not keep the others from being listed.
    """
    start = prefix.rpartition("/")[0]
    if (problem := problem_of_link(root, start)) is not None:
        yield PassedOver(start, problem)
        return
    folders = [start]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = [(one.name, one.is_dir(follow_symlinks=False), one.is_symlink()) for one in entries]
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            yield PassedOver(folder, f"cannot be opened: {error.strerror}")
            continue
        for name, is_folder, is_link in found:
            key = f"{folder}/{name}" if folder else name
            if is_folder:
                if not name.startswith(".") and f"{key}/".startswith(prefix):
                    folders.append(key)
            elif key.startswith(prefix) and (file := _look_at(root, key, is_link)) is not None:
                yield file


def look_at(root: Path, key: str) -> StoredFile | PassedOver | None:
    """The file of that key below `root`, or what is wrong with it; None for a folder, and where nothing is."""
    return _look_at(root, key, may_have_link=True)


def _look_at(root: Path, key: str, may_have_link: bool) -> StoredFile | PassedOver | None:
    try:
        if may_have_link and (problem := problem_of_link(root, key)) is not None:
            return PassedOver(key, problem)
        state = (root / key).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return PassedOver(key, f"cannot be looked at: {error.strerror}")
    except ValueError:
        # A name with a NUL is no name.
        return None
    kind = stat.S_IFMT(state.st_mode)
    if kind != stat.S_IFREG:
        return (
            None if kind == stat.S_IFDIR else PassedOver(key, f"is {_KINDS.get(kind, 'something else')} and not a file")
        )
    try:
        modified = datetime.datetime.fromtimestamp(state.st_mtime, tz=datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return PassedOver(key, "has a date that no calendar has (its last change is before the year 1 or past 9999)")
    return StoredFile(key, state.st_size, modified, f"{state.st_mtime_ns}-{state.st_size}")


def problem_of_link(root: Path, key: str) -> str | None:
    """Why a key is not followed: a link on the way to it leads out of the folder, round in a circle, nowhere, or to a folder."""
    path = root / key
    if ".." not in Path(key).parts and not _has_link(root, key):
        return None
    home = os.path.realpath(root)
    try:
        target = os.path.realpath(path, strict=True)
    except FileNotFoundError:
        return f"{LINK} that leads nowhere" if path.is_symlink() else None
    except OSError as error:
        return f"{LINK} that cannot be followed: {error.strerror}"
    if os.path.commonpath([home, target]) != home:
        return f"{LINK} that leads out of the folder"
    if Path(target).is_dir():
        return f"{LINK} to a folder, which is not followed"
    return None


def _has_link(root: Path, key: str) -> bool:
    path = root
    for part in Path(key).parts:
        path /= part
        if path.is_symlink():
            return True
    return False
