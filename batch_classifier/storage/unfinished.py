"""Files and folders that are being written: named after their process, so that those of a killed process are known, and removed."""

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from batch_classifier.storage.process_mark import ProcessMark

_NAME = re.compile(
    r"\.unfinished-(?P<host>[0-9a-f]{8})-(?P<process_id>\d+)-(?P<started_at>\d+)-(?P<after_boot>\d+)-[0-9a-f]{16}"
)


def unfinished_name() -> str:
    """A name for a file or folder of this process that nobody can foresee."""
    return f"{_own_prefix()}{secrets.token_hex(8)}"


def remove_abandoned(directory: Path) -> None:
    """Remove what processes of this host that are gone have left in a directory; once for each directory in a process.

    What cannot be removed, as another user's, stays. Files of other hosts, where a disk is shared, are theirs.
    """
    own = _own_prefix()
    if (directory, own) in _LOOKED_THROUGH:
        return
    _LOOKED_THROUGH.add((directory, own))
    with suppress(OSError):
        for path in directory.iterdir():
            if _is_abandoned(path.name):
                _remove(path)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for what is of no use after the `with`, where the system keeps such things."""
    directory = Path(tempfile.gettempdir())
    remove_abandoned(directory)
    path = directory / unfinished_name()
    # Exclusively, and for this user alone.
    path.mkdir(0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


# With the process, for one that was forked from this one looks for itself.
_LOOKED_THROUGH: set[tuple[Path, str]] = set()


def _own_prefix() -> str:
    return _prefix_of(os.getpid())


@cache
def _prefix_of(_process_id: int) -> str:
    mark = ProcessMark.own()
    seconds = f"{mark.started_at:.0f}-{mark.after_boot:.0f}"
    return f".unfinished-{_short(mark.host)}-{mark.process_id}-{seconds}-"


def _is_abandoned(name: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None or found["host"] != _short(ProcessMark.own().host):
        return False
    mark = ProcessMark(
        host="",
        process_id=int(found["process_id"]),
        started_at=float(found["started_at"]),
        after_boot=float(found["after_boot"]),
    )
    return mark.is_gone()


@cache
def _short(host: str) -> str:
    return hashlib.sha256(host.encode()).hexdigest()[:8]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
