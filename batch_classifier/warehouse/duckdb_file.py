"""A DuckDB file that several processes use in turn: held while a connection to it is open, free for the others otherwise."""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from batch_classifier.errors import ClassifierError, DatabaseBusy
from batch_classifier.file_access import PRIVATE, FileAccess
from batch_classifier.warehouse.duckdb_memory import LEAST_BYTES, ROWS_A_VECTOR, allow_all, limit_of, restrict
from batch_classifier.warehouse.interface import literal

_LOGGER = logging.getLogger(__name__)

# With these a million rows of 1.5 KB pass in either direction in under 500 MB.
MEMORY: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": f"{LEAST_BYTES}B",
    "threads": "1",
    # A commit writes to the file itself. By way of the log it would hold all that is not in the file yet once more, as one
    # piece, and a log of long texts takes as much memory again when it is read after a kill.
    "checkpoint_threshold": "1KB",
    "auto_checkpoint_skip_wal_threshold": "0",
}
# A row group that is full goes to the file at once, and one that is not is held until the commit. Groups of the usual 122,880
# rows would be kept in memory, then written to the log, and then once more to the file: three times the seconds for long texts.
ROWS_A_GROUP = ROWS_A_VECTOR
_SECONDS_BETWEEN_TRIES = 0.1
# A wait that is shorter is not worth a word.
TOLD_AFTER_SECONDS = 5.0
# For those who only read: questions about all rows, asked by a person who waits for the answer.
_FOR_READING: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "400MB", "threads": "2"}
# How DuckDB names the program that has the file; on some systems it does not.
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<process>\d+)\)")

# How DuckDB tells of a damaged file: in errors of several kinds, and again in each that comes after them.
_DAMAGE = re.compile(r"(?i)corrupt|checksum|not read enough bytes|deserialize|database has been invalidated")


@contextmanager
def connected(
    path: Path, wait_seconds: float, access: FileAccess = PRIVATE, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the file; connections of one process share it, and with the last of them it is let go.

    While another program has the file it is waited for, which is told in the log after some seconds. Several programs may have
    it open to read (`read_only`), and then nobody to write. Raises DatabaseBusy when the wait takes longer than `wait_seconds`,
    and ClassifierError where the file is damaged, which may show only when some part of it is read.
    """
    if not read_only:
        access.make_folder(path.parent)
    connection = _open(path, wait_seconds, read_only)
    if not read_only:
        give_access(path, access)
    try:
        yield connection
    except duckdb.Error as error:
        if not _is_damage(error):
            raise
        raise _unusable(path, error) from error
    finally:
        connection.close()
        _let_go(path)


def _open(path: Path, wait_seconds: float, read_only: bool) -> duckdb.DuckDBPyConnection:
    began = time.monotonic()
    told: str | None = None
    while True:
        try:
            return _attach(path, read_only)
        except _OpenOtherwise as error:
            cause: Exception = error
            waited, holder = time.monotonic() - began, "this program itself"
        except duckdb.Error as error:
            cause = error
            if not isinstance(error, duckdb.IOException) and not _is_damage(error):
                raise
            if "lock is held" not in str(error) and "Could not set lock" not in str(error):
                raise _unusable(path, error) from error
            waited, holder = time.monotonic() - began, _holder(str(error))
        if waited > wait_seconds:
            raise DatabaseBusy(
                f"{path} cannot be opened: {holder} has had it open for {waited:,.0f} s; "
                "close that program and start again."
            ) from cause
        if waited >= TOLD_AFTER_SECONDS and holder != told:
            told = holder
            _LOGGER.warning(
                "Waiting for the database %s, which %s has open; giving up after %.0f s.", path, holder, wait_seconds
            )
        time.sleep(_SECONDS_BETWEEN_TRIES)


def _is_damage(error: duckdb.Error) -> bool:
    """Whether the file is cut off, as a copy that was interrupted, or its bytes have changed."""
    return isinstance(error, duckdb.SerializationException) or _DAMAGE.search(str(error)) is not None


def _unusable(path: Path, error: duckdb.Error) -> ClassifierError:
    # The first line: what follows are places in DuckDB's own code.
    words = str(error).splitlines()[0].rstrip("!.")
    return ClassifierError(
        f"{path} cannot be read: {words}; put back a copy of it, or move it away and classify again."
    )


def _holder(message: str) -> str:
    """Who has the file, from DuckDB's message."""
    found = _HOLDER.search(message)
    return "another program" if found is None else f"{found['program']} (process {found['process']})"


def give_access(path: Path, access: FileAccess) -> None:
    """Give the file these permissions, and its log before DuckDB makes it; both would have those of the umask.

    DuckDB removes the log whenever it packs the file, and makes another at the next write: so this is for before each write.
    """
    access.apply_to(path)
    log = path.with_name(f"{path.name}.wal")
    with suppress(FileExistsError):
        access.make_file(log)
    access.apply_to(log)


class _OpenOtherwise(Exception):
    """This process has the file open to read, and somebody in it wants to write, or the other way around."""


class _Engine:
    """DuckDB without a file, which takes 30 ms to start and holds on to nothing; the file is attached to it and detached."""

    def __init__(self, path: Path, read_only: bool) -> None:
        own = _FOR_READING if read_only else {}
        self.connection = duckdb.connect(":memory:", config={**MEMORY, **own, "temp_directory": f"{path}.tmp"})
        self.read_only = read_only
        self.least_bytes = limit_of(self.connection)
        self.users = 0


_ENGINES: dict[Path, _Engine] = {}
_TURN = threading.Lock()


def _attach(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    with _TURN:
        engine = _engine(path, read_only)
        connection = engine.connection.cursor()
        try:
            # The size of row groups is an option of ATTACH alone.
            options = "(read_only)" if read_only else f"(row_group_size {ROWS_A_GROUP})"
            attach = f"attach if not exists {literal(str(path))} as warehouse {options}"
            try:
                connection.execute(attach)
            except duckdb.OutOfMemoryException:
                # A log with long texts that a killed process left.
                allow_all(connection)
                connection.execute(attach)
            connection.execute("use warehouse")
        except duckdb.Error:
            connection.close()
            raise
        engine.users += 1
        return connection


def _let_go(path: Path) -> None:
    with _TURN:
        engine = _ENGINES[path]
        engine.users -= 1
        if not engine.users:
            log = path.with_name(f"{path.name}.wal")
            if not engine.read_only and log.is_file() and not log.stat().st_size:
                # Nothing was written, and DuckDB knows nothing of it; nobody else has the file yet.
                log.unlink()
            # What is left to be packed is packed now, a vector at a time.
            allow_all(engine.connection)
            try:
                engine.connection.execute("detach warehouse")
            finally:
                restrict(engine.connection, engine.least_bytes)


def _engine(path: Path, read_only: bool) -> _Engine:
    """The engine for this file; of those that nobody uses, only the last one is kept.

    Locks of a file are the process's: one that let go of it in one way would let go of it in the other way too. So a file is
    open in one way at a time.
    """
    there = _ENGINES.get(path)
    if there is not None and there.read_only != read_only:
        if there.users:
            raise _OpenOtherwise
        _ENGINES.pop(path).connection.close()
    if path not in _ENGINES:
        for idle in [other for other, engine in _ENGINES.items() if not engine.users]:
            _ENGINES.pop(idle).connection.close()
        _ENGINES[path] = _Engine(path, read_only)
    return _ENGINES[path]
