"""Dagster's SQLite files without waiting for the disk at every event.

Dagster 1.13 opens a connection for each thing that it notes, some 100 for a run of one asset, and closes it again. With SQLite's
defaults each commit waits for the disk, and so does each closing of a file's last connection, which moves the write-ahead log into
the file: together most of what a short run takes. So commits leave the waiting to SQLite's checkpoints, and one idle connection
for each of the files used last keeps them open. The event log's connections stay open by themselves (kept_connections.py), and
need no second one.

With the write-ahead log a killed process loses nothing by that, and no file is ever damaged; a power failure can take the last
events with it (https://www.sqlite.org/pragma.html#pragma_synchronous). What must survive one, as which jobs were submitted, is
in the internal folder and the warehouse.
"""

import atexit
import os
import sqlite3
import threading
from collections import OrderedDict
from typing import Any

from sqlalchemy import Engine, event

# Files that are kept open: those of runs and of schedules, and what Dagster opens beside them.
FILES_KEPT_OPEN = 8


class StayingOpen(sqlite3.Connection):
    """A connection that whoever made it keeps open: no idle one is needed beside it."""


class KeptOpen:
    """An idle connection for each of the SQLite files that were used last."""

    def __init__(self, files: int = FILES_KEPT_OPEN) -> None:
        self._files = files
        self._connections: OrderedDict[str, sqlite3.Connection] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many files are kept open."""
        return len(self._connections)

    def keep(self, path: str) -> None:
        """Keep this file open; the one that was not used for longest is let go when they become too many."""
        with self._lock:
            if path in self._connections:
                self._connections.move_to_end(path)
                return
            connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            # Reading is what opens the write-ahead log.
            connection.execute("select count(*) from sqlite_master").fetchone()
            self._connections[path] = connection
            while len(self._connections) > self._files:
                self._connections.popitem(last=False)[1].close()

    def close(self) -> None:
        """Let go of all; SQLite then moves what is in the write-ahead logs into the files."""
        with self._lock:
            while self._connections:
                self._connections.popitem()[1].close()

    def forget(self) -> None:
        """In a forked process: SQLite's connections must not be used there, nor closed."""
        self._lock = threading.Lock()
        _INHERITED.extend(self._connections.values())
        self._connections.clear()


_INHERITED: list[sqlite3.Connection] = []
_KEPT_OPEN = KeptOpen()


def make_quick() -> None:
    """From now on every SQLite file with a write-ahead log that is opened through SQLAlchemy in this process is quick."""
    if event.contains(Engine, "connect", _opened):
        return
    event.listen(Engine, "connect", _opened)
    atexit.register(_KEPT_OPEN.close)
    os.register_at_fork(after_in_child=_KEPT_OPEN.forget)


def _opened(connection: Any, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # Without the write-ahead log a power failure could damage the file.
    if connection.execute("pragma journal_mode").fetchone()[0] != "wal":
        return
    connection.execute("pragma synchronous = normal")
    if not isinstance(connection, StayingOpen):
        _KEPT_OPEN.keep(connection.execute("pragma database_list").fetchone()[2])
