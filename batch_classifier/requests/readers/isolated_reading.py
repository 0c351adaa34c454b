"""Reading in a process of its own, for formats whose libraries abort the process, or fill its memory, on some files.

The file is the process's standard input. Its standard output is a row of frames: a letter, the length, and a block of rows as an
Arrow stream, or a sentence that says why the file can't be read. Where the frames end without the last, the process was killed.

Its computing time is limited by the system, which waits for whoever takes the rows and does not count that.
"""

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, BinaryIO, cast

import orjson
import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.requests.readers.reader_process import BLOCK, END, FRAME, PART, PROBLEMS, REFUSAL
from batch_classifier.requests.readers.rows import Block
from batch_classifier.wording import counted

# Address space of the process: a workbook of 30 MB of XML takes less than 1 GB.
MOST_MEMORY_BYTES = 4 << 30
# The least that Python and Arrow start with.
_LEAST_MEMORY_BYTES = 1 << 30
# Computing time: the slowest files that were tried (small ones that unpack to many rows) take a twentieth of this.
LEAST_SECONDS = 300
SECONDS_A_MEGABYTE = 60
_COPY_BYTES = 1 << 20


def read_isolated(reader: str, file: BinaryIO, name: str, limits: Limits) -> Iterator[Block]:
    """Yield the rows that the reader of that name in `reader_process.READERS` makes of the file.

    Raises:
        UnreadableFile: what the reader raises; or it was killed, by the file's own fault or for the memory or the time it asked for.
    """
    seconds = most_seconds(file.seek(0, io.SEEK_END))
    file.seek(0)
    with _Input(file) as content, _start(reader, name, limits, seconds, content) as process:
        try:
            yield from _blocks(process, name, seconds)
        finally:
            # Also when nobody wants the rest.
            process.kill()


class _Input:
    """The file itself, or a copy on the disk where it is none of the system's."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: IO[bytes] = file
        self._copy: IO[bytes] | None = None

    def __enter__(self) -> IO[bytes]:
        try:
            self._file.fileno()
            return self._file
        except (OSError, AttributeError):
            self._copy = tempfile.TemporaryFile(prefix="batch-classifier-")
        self._file.seek(0)
        while data := self._file.read(_COPY_BYTES):
            self._copy.write(data)
        self._copy.flush()
        return self._copy

    def __exit__(self, *_: object) -> None:
        if self._copy is not None:
            self._copy.close()


def _start(reader: str, name: str, limits: Limits, seconds: int, content: IO[bytes]) -> "subprocess.Popen[bytes]":
    # Last, for a folder of packages may hold one that is called like a module of Python's own.
    package = Path(__file__).parents[3]
    order = {
        "reader": reader,
        "name": name,
        "limits": asdict(limits),
        "memory": most_memory(),
        "seconds": seconds,
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "batch_classifier.requests.readers.reader_process", orjson.dumps(order).decode()],
        stdin=content,
        stdout=subprocess.PIPE,
        # A library that aborts prints why, and may print what it read with it.
        stderr=subprocess.DEVNULL,
        # No credentials: it needs nothing but its modules. Other allocators of Arrow's reserve more than they use.
        env={
            **{
                key: os.environ[key]
                for key in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG", "LC_ALL")
                if key in os.environ
            },
            "PYTHONPATH": os.pathsep.join([*filter(None, sys.path), str(package)]),
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        },
    )


def most_memory() -> int:
    """The address space that the process gets, in bytes: less than 4 GB where the machine has little."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return MOST_MEMORY_BYTES
    return max(_LEAST_MEMORY_BYTES, min(MOST_MEMORY_BYTES, machine // 2))


def most_seconds(file_bytes: int) -> int:
    """The computing time that the process gets for a file of this size, in seconds."""
    return LEAST_SECONDS + SECONDS_A_MEGABYTE * file_bytes // 1_000_000


def _blocks(process: "subprocess.Popen[bytes]", name: str, seconds: int) -> Iterator[Block]:
    # A pipe, since it was started with one.
    frames = cast(IO[bytes], process.stdout)
    while True:
        head = frames.read(FRAME.size)
        kind, size = FRAME.unpack(head) if len(head) == FRAME.size else (b"", 0)
        content = frames.read(size)
        if len(content) < size or kind not in (BLOCK, REFUSAL, END):
            process.kill()
            if process.wait() == -getattr(signal, "SIGXCPU", 0):
                raise UnreadableFile(
                    f"'{name}' takes more than {counted(seconds, 'second')} of computing to be read: save what is needed of it as CSV, "
                    "or split it."
                )
            raise UnreadableFile(
                f"'{name}' cannot be read: its reader failed, or asked for more than {most_memory() >> 20:,} MB of memory; "
                "save what is needed of it as CSV, or split it."
            )
        if kind == REFUSAL:
            raise UnreadableFile(content.decode())
        if kind == END:
            return
        yield _block(content)


def _block(content: bytes) -> Block:
    with pa.ipc.open_stream(io.BytesIO(content)) as stream:
        batch = stream.read_next_batch()
    part = (batch.schema.metadata or {}).get(PART)
    place = batch.num_columns - 1
    if batch.schema.field(place).name != PROBLEMS:
        raise ValueError(f"The reader's process sent a block whose last column is not {PROBLEMS}.")
    cells = pa.RecordBatch.from_arrays(batch.columns[:place], names=batch.schema.names[:place])
    return Block(None if part is None else part.decode(), cells, batch.column(place))
