"""A batch on its way to the disk: its lines, hashed and written by a thread beside, and the lists of its texts."""

import hashlib
import io
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from batch_classifier.batches.lines import Lines
from batch_classifier.batches.packed_lines import PackedLines

# Hashing and writing release the interpreter's lock; getting it back takes up to 5 ms (Python's switch interval), so a piece is
# large. Two pieces are in memory.
_PIECE_BYTES = 4 << 20


class BatchFile:
    """Three files: `path` for the lines, `ids_path` for the texts' ids, `record_texts_path` for records of several texts.

    Use it in a `with`; `beside` has one thread. The third stays empty where each record holds one text.

    Attributes:
        texts: texts so far.
        lines: lines so far.
        bytes: their size.
    """

    def __init__(self, path: Path, ids_path: Path, record_texts_path: Path, beside: ThreadPoolExecutor) -> None:
        self.texts = self.lines = self.bytes = 0
        self._beside = beside
        # Pieces are handed over whole.
        self._file, self._ids_file = path.open("wb", buffering=0), ids_path.open("wb")
        self._record_texts_file = record_texts_path.open("wb")
        self._hash = hashlib.sha256()
        # The two buffers are used again: memory of its own for each piece would take as long as copying it.
        self._piece, self._other_piece = io.BytesIO(), io.BytesIO()
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
            self._record_texts_file.close()

    def add(self, lines: Lines | PackedLines) -> None:
        """Add lines."""
        self._piece.writelines(lines.pieces())
        self._ids_file.write(b"\n".join(lines.ids) + b"\n")
        if isinstance(lines, PackedLines):
            self._record_texts_file.writelines(record.line() for record in lines.record_texts)
        self.texts += len(lines.ids)
        self.lines += lines.records
        self.bytes += lines.size
        self._waiting += lines.size
        if self._waiting >= _PIECE_BYTES:
            self._hand_over()

    def finish(self) -> str:
        """Write what is left, and return the SHA-256 of the lines as hex digits; nothing can be added any more."""
        self._hand_over()
        self._wait()
        self._file.close()
        self._ids_file.close()
        self._record_texts_file.close()
        return self._hash.hexdigest()

    def _hand_over(self) -> None:
        # One piece at a time: in this way lines keep their order, and memory stays where it is.
        self._wait()
        self._under_way = self._beside.submit(self._put, self._piece.getbuffer()[: self._waiting])
        self._piece, self._other_piece, self._waiting = self._other_piece, self._piece, 0
        self._piece.seek(0)
        # Lets the other thread begin at once; else it would have to wait for its turn while lines are made here.
        time.sleep(0)

    def _put(self, lines: memoryview) -> None:
        with lines:
            self._hash.update(lines)
            written = 0
            while written < len(lines):
                written += self._file.write(lines[written:]) or 0

    def _wait(self) -> None:
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()
