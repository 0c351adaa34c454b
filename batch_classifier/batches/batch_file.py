"""A batch on its way to the disk: its lines, hashed and written by a thread beside, and the list of its text ids."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

# Hashing and writing let go of the interpreter for so many bytes; twice as many are in memory at most.
_HANDED_OVER_BYTES = 1 << 20


class BatchFile:
    """Two files, `path` for the lines and `ids_path` for the ids, one a line. Use it in a `with`; `beside` has one thread.

    Attributes:
        records: lines so far.
        bytes: their size.
    """

    def __init__(self, path: Path, ids_path: Path, beside: ThreadPoolExecutor) -> None:
        self.records = self.bytes = 0
        self._beside = beside
        self._file, self._ids_file = path.open("wb"), ids_path.open("wb")
        self._hash = hashlib.sha256()
        self._pieces: list[bytes] = []
        self._ids: list[str] = []
        self._waiting = 0
        self._under_way: Future[None] | None = None

    def __enter__(self) -> "BatchFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._wait()
        finally:
            self._file.close()
            self._ids_file.close()

    def add(self, line: Iterable[bytes], size: int, text_id: str) -> None:
        """Add a line in pieces, its line feed included, its size in bytes, and the id of its text."""
        self._pieces += line
        self._ids.append(text_id)
        self.records += 1
        self.bytes += size
        self._waiting += size
        if self._waiting >= _HANDED_OVER_BYTES:
            self._hand_over()

    def finish(self) -> str:
        """Write what is left, and return the SHA-256 of the lines as hex digits; nothing can be added any more."""
        self._hand_over()
        self._wait()
        self._file.close()
        self._ids_file.close()
        return self._hash.hexdigest()

    def _hand_over(self) -> None:
        lines, ids = b"".join(self._pieces), "".join(f"{text_id}\n" for text_id in self._ids).encode()
        self._pieces, self._ids, self._waiting = [], [], 0
        # One at a time: in this way lines keep their order, and memory stays where it is.
        self._wait()
        self._under_way = self._beside.submit(self._put, lines, ids)

    def _put(self, lines: bytes, ids: bytes) -> None:
        self._hash.update(lines)
        self._file.write(lines)
        self._ids_file.write(ids)

    def _wait(self) -> None:
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()
