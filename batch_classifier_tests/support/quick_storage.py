"""Dagster's storages on one open connection each: a test's own instance needs no more.

Dagster opens a connection for each thing that it reads or writes, some 400 for a run of one file, and on the disk a new engine with each,
which forgets the statements that were prepared before. That was a fifth of what a run of a few rows takes in memory, and two fifths on
the disk. What Dagster does by itself is tested with the project's own instance (`defs/test_event_log.py`, `defs/run_launcher/`) and by
commands and daemons in processes of their own.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dagster as dg
import sqlalchemy
from sqlalchemy.pool import StaticPool

_BUSY_SECONDS = 30


def quick(instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """The instance, which keeps its SQLite databases open until it is disposed of."""
    _OneConnection(instance.event_log_storage, "_connect")
    _OneConnection(instance.run_storage, "connect")
    # An instance in memory keeps no schedules.
    if hasattr(instance.schedule_storage, "connect"):
        _OneConnection(instance.schedule_storage, "connect")
    return instance


class _OneConnection:
    """A storage's connection, which one thread uses at a time, and within its transaction again."""

    def __init__(self, storage: Any, method: str) -> None:
        assert callable(getattr(storage, method)), f"{type(storage).__name__} connects in another way"
        self._engine = sqlalchemy.create_engine(
            storage._engine.url if hasattr(storage, "_engine") else storage._conn_string,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
        )
        self._connection = self._engine.connect()
        with self._connection.begin():
            self._connection.execute(sqlalchemy.text("pragma synchronous = off"))
            tables = set(sqlalchemy.inspect(self._connection).get_table_names())
        self._turn = threading.RLock()
        self._dispose: Callable[[], None] = storage.dispose
        setattr(storage, method, self.connect)
        storage.has_table = tables.__contains__
        storage.dispose = self.dispose

    def connect(self, *_: object) -> AbstractContextManager[sqlalchemy.Connection]:
        """The connection, whose transaction is committed at the end."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[sqlalchemy.Connection]:
        with self._turn:
            if self._connection.in_transaction():
                yield self._connection
                return
            with self._connection.begin():
                yield self._connection

    def dispose(self) -> None:
        """Let go of the database."""
        self._connection.close()
        self._engine.dispose()
        self._dispose()
