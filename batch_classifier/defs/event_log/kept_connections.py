"""Connections to the event log's SQLite files that stay open from one event to the next.

Dagster 1.13 opens the file anew for each of the 350 reads and writes of a run (`_connect` in
`dagster/_core/storage/event_log/sqlite/sqlite_event_log.py`), prepares each statement anew, and on closing has SQLite write its log
into the file and wait for the disk: of a small file's run that was two thirds of the time.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy

from batch_classifier.defs.event_log.quick_sqlite import StayingOpen

# Each run has a file of its own; the daemon and the UI go through thousands of them.
KEPT_FILES = 16
# As Dagster has it: how long a connection waits for another process that writes.
BUSY_SECONDS = 30

# The methods that are replaced or asked, each with the parameters that are expected.
EXPECTED = {
    "_connect": ("shard",),
    "_initdb": ("engine", "for_index_shard"),
    "path_for_shard": ("run_id",),
    "conn_string_for_shard": ("shard_name",),
    "wipe": (),
    "dispose": (),
}


class KeptConnections:
    """Takes the place of the storage's method that connects to the file of a run, or to the index over all of them.

    What is written stays when a process is killed. When the machine itself loses its power, the last events before may be
    missing, and never the first of two: SQLite waits for the disk when its log is written into the file, no more at each event
    (`make_quick` in quick_sqlite.py, which is for all of Dagster's files).
    """

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._dispose: Callable[[], None] = storage.dispose
        self._wipe: Callable[[], None] = storage.wipe
        self._lock = threading.Lock()
        self._engines: OrderedDict[str, tuple[sqlalchemy.Engine, _File | None]] = OrderedDict()
        # What Dagster has made of the first new file: the others are copies of it, for a run's file takes Dagster 60 ms to make.
        self._new_file: bytes | None = None

    @contextmanager
    def connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        """A connection to the file, in a transaction that is committed at the end; one at a time, as in Dagster's own."""
        with self._lock:
            with self._engine(shard).connect() as connection:
                before = _changes(connection)
                with connection.begin():
                    yield connection
                has_written = _changes(connection) != before
            if has_written:
                self._tell_watchers(shard)

    def dispose(self) -> None:
        """Close all files, and what else the storage has open."""
        self._close()
        self._dispose()

    def wipe(self) -> None:
        """Remove everything; no connection is left to a file that is gone."""
        self._close()
        self._wipe()

    def stand_in(self, storage: Any) -> None:
        """Have the storage connect by this method from now on."""
        storage._connect = self.connect
        storage.dispose = self.dispose
        storage.wipe = self.wipe

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        path = self._storage.path_for_shard(shard)
        kept = self._engines.pop(shard, None)
        if kept is not None and kept[1] != _file(path):
            # Another process has removed the file, and perhaps made a new one.
            kept[0].dispose()
            self._storage._initialized_dbs.discard(shard)
            kept = None
        if kept is None:
            kept = self._opened(shard), _file(path)
        self._engines[shard] = kept
        while len(self._engines) > KEPT_FILES:
            self._engines.popitem(last=False)[1][0].dispose()
        return kept[0]

    def _opened(self, shard: str) -> sqlalchemy.Engine:
        if self._new_file is not None and shard not in self._storage._initialized_dbs:
            make_whole(self._storage.path_for_shard(shard), self._new_file)
        engine = sqlalchemy.create_engine(
            self._storage.conn_string_for_shard(shard),
            poolclass=sqlalchemy.QueuePool,
            pool_size=1,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "factory": StayingOpen},
        )
        if shard not in self._storage._initialized_dbs:
            if not _is_made(engine):
                self._storage._initdb(engine)
                self._new_file = self._new_file or _content(engine)
            self._storage._initialized_dbs.add(shard)
        return engine

    def _tell_watchers(self, shard: str) -> None:
        """The UI follows a run by changes of its file, which SQLite's log of the last writes is not."""
        try:
            os.utime(self._storage.path_for_shard(shard))
        except OSError:
            return

    def _close(self) -> None:
        with self._lock:
            while self._engines:
                self._engines.popitem()[1][0].dispose()


def _is_made(engine: sqlalchemy.Engine) -> bool:
    """Whether the file has its tables, and is marked so: Dagster then does nothing to it, and takes 20 ms for finding out."""
    with engine.connect() as connection:
        marks = "select count(*) from sqlite_master where name = 'alembic_version'"
        if not connection.execute(sqlalchemy.text(marks)).scalar():
            return False
        return bool(connection.execute(sqlalchemy.text("select count(*) from alembic_version")).scalar())


def make_whole(path: str, content: bytes) -> None:
    """Put a file in place unless there is one, also of several processes at once; whole or not at all, and nothing beside it.

    Without effect where the system cannot do that, as anywhere but on Linux.
    """
    try:
        folder = os.open(Path(path).parent, os.O_RDONLY)
    except OSError:
        return
    try:
        # Readable as SQLite makes its files. The file has no name until all of it is there.
        file = os.open(Path(path).parent, os.O_TMPFILE | os.O_WRONLY, 0o644)
        try:
            with open(file, "wb", closefd=False) as whole:
                whole.write(content)
            # Through a folder's descriptor, or the link itself would be given another name, and not the file behind it.
            os.link(f"/proc/self/fd/{file}", path, src_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(file)
    except (AttributeError, OSError):
        return
    finally:
        os.close(folder)


def _content(engine: sqlalchemy.Engine) -> bytes:
    """What is in the file, with what SQLite's log of the last writes has for it."""
    with engine.connect() as connection:
        return bytes(connection.connection.driver_connection.serialize())  # type: ignore[union-attr]


# What tells a file from another of the same name.
_File = tuple[int, int]


def _file(path: str) -> _File | None:
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _changes(connection: sqlalchemy.Connection) -> int:
    """How many rows the connection has changed since it was opened."""
    return int(connection.connection.driver_connection.total_changes)  # type: ignore[union-attr]
