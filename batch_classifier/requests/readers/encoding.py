"""Text files as a stream of UTF-8 bytes, whatever they are encoded in and whether or not they are compressed.

The encoding is told by the byte-order mark or, for UTF-16 without one, by where the NULs are. All else is read as UTF-8,
and each byte that is not valid there as Windows-1252: in this way a file in Windows-1252 reads right as it streams,
however late its first accented letter comes, and so does one that was pasted together from both.
"""

import codecs
import gzip
import io
import re
import struct
import threading
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.requests.readers.signatures import check_is_text

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    # The mark of UTF-32 starts with that of UTF-16, so it comes first.
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# A letter of several bytes, or what the end of the data leaves of one.
_UTF8_LETTER = re.compile(rb"[\xc2-\xf4](?:[\x80-\xbf]|\Z)")


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that UTF-8 refuses; the five that Windows-1252 leaves undefined become U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("windows-1252", "replace"), error.end


codecs.register_error("batch_classifier.windows_1252", _as_windows_1252)


def find_encoding(head: bytes) -> tuple[str, int]:
    """Return the encoding that the first bytes of a file show, and the length of its byte-order mark."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    half = len(head) // 2
    even, odd = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if odd >= 4 and odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le", 0
    if even >= 4 and even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be", 0
    return "utf-8", 0


def is_utf8(data: bytes) -> bool:
    """Tell whether the data is valid UTF-8 to its last byte. Arrow looks without decoding, which is 30 times as fast."""
    ends = pa.py_buffer(struct.pack("=ii", 0, len(data)))
    text = pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


class Utf8Stream(io.RawIOBase):
    """The content of a text file as UTF-8 bytes without a byte-order mark, decompressed when its name ends in `.gz`.

    Reads and `close` exclude one another, so that after `close` no other thread moves the file's position. The file
    below stays open.
    """

    def __init__(self, file: BinaryIO, name: str, ending: bytes = b"", limits: Limits = DEFAULT_LIMITS) -> None:
        """Start at the beginning of `file`; `ending` is put behind its last byte.

        Raises:
            UnreadableFile: the file is not text, or not compressed though its name says so.
        """
        self.limits = limits
        self._packed = file.seek(0, io.SEEK_END)
        self._unpacked = 0
        file.seek(0)
        self._name = name
        self._ending = ending
        self._file: BinaryIO | gzip.GzipFile = file
        self._file_is_packed = name.lower().endswith(".gz")
        if self._file_is_packed:
            self._file = gzip.GzipFile(fileobj=file, mode="rb")
        self._lock = threading.Lock()
        # Sees all data that is read from now on, in the thread that reads; an empty piece at the end.
        self.watch: Callable[[bytes], None] = lambda _data: None
        self._ready = b""
        self._cut_letter = b""
        self._at_end = False
        head = b""
        while len(head) < HEAD_BYTES and (more := self._read_file(HEAD_BYTES - len(head))):
            head += more
        encoding, mark = find_encoding(head)
        check_is_text(head, name, is_wide=encoding != "utf-8")
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        self._undecoded = head[mark:]

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the start of the buffer and return how many bytes that were; 0 at the end."""
        with memoryview(buffer) as view:
            data = self.read(len(view))
            view[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes (by default about a megabyte); fewer at the end, and before a carriage return.

        Raises:
            UnreadableFile: the compressed file is damaged or cut off, or unpacks to more than the limits allow.
        """
        size = size if size >= 0 else CHUNK_BYTES
        with self._lock:
            if self.closed:
                return b""
            # pyarrow takes every read as a block of its own, and a row may not reach over a whole block.
            while len(self._ready) < size and not self._at_end:
                chunk = self._next_chunk(size - len(self._ready))
                self._ready = self._ready + chunk if self._ready else chunk
            data = self._ready[:size]
            # pyarrow drops a line feed that starts a block after a carriage return, inside quotes too.
            if data.endswith(b"\r") and len(self._ready) + (not self._at_end) > len(data):
                data = data.rstrip(b"\r") or data
            self._ready = self._ready[len(data) :]
            self.watch(data)
            return data

    def skip(self, size: int) -> None:
        """Read `size` bytes and drop them."""
        while size > 0 and (data := self.read(size)):
            size -= len(data)

    def close(self) -> None:
        """Make every later read return nothing."""
        with self._lock:
            super().close()

    def _next_chunk(self, size: int) -> bytes:
        data = self._undecoded or self._read_file(max(size, 64))
        self._undecoded = b""
        self._at_end = not data
        if self._decoder is not None:
            text = self._decoder.decode(data, final=self._at_end)
            return text.encode("utf-8", "replace") + (self._ending if self._at_end else b"")
        return self._valid(data) + (self._ending if self._at_end else b"")

    def _valid(self, data: bytes) -> bytes:
        """Return the data as valid UTF-8, itself when it is; a letter cut in two waits for its other half."""
        data = self._cut_letter + data if self._cut_letter else data
        self._cut_letter = b""
        if data.isascii() or is_utf8(data):
            return data
        try:
            _, used = codecs.utf_8_decode(data, "strict", self._at_end)
            self._cut_letter = data[used:]
            return data[:used] if self._cut_letter else data
        except UnicodeDecodeError:
            # Where nothing looks like UTF-8, the whole piece is decoded at once, which is ten times as fast.
            if not _UTF8_LETTER.search(data):
                return data.decode("windows-1252", "replace").encode("utf-8")
            text, used = codecs.utf_8_decode(data, "batch_classifier.windows_1252", self._at_end)
            self._cut_letter = data[used:]
            return text.encode("utf-8")

    def _read_file(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
            if self._file_is_packed:
                self._unpacked += len(data)
                self.limits.check_unpacked(self._unpacked, self._packed, self._name)
            return data
        except gzip.BadGzipFile as error:
            raise UnreadableFile(
                f"'{self._name}' is not a gzip file or is damaged: compress it again or drop it without '.gz'."
            ) from error
        except (EOFError, zlib.error) as error:
            raise UnreadableFile(
                f"'{self._name}' is damaged or was cut off while it was copied: drop the whole file again."
            ) from error


def open_text(file: BinaryIO, name: str, offset: int = 0, limits: Limits = DEFAULT_LIMITS) -> io.TextIOWrapper:
    """Return the file as text, from byte `offset` of its UTF-8 form on; lines end at CR, LF or CRLF and nowhere else.

    Raises:
        UnreadableFile: the file is not text; while reading: the compressed file is damaged or cut off.
    """
    stream = Utf8Stream(file, name, limits=limits)
    stream.skip(offset)
    return io.TextIOWrapper(io.BufferedReader(stream, buffer_size=CHUNK_BYTES), encoding="utf-8", newline="")
