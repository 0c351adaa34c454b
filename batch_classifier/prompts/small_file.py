"""A small file of text, read without waiting for it and without taking in more than it may hold."""

import os
import stat
from pathlib import Path

# Thousands of categories with their examples; 80 times the prompts of the sample data.
MOST_BYTES = 1_000_000


class UnfitFile(Exception):
    """A file that is not a small file of text; the message says what is wrong, without a full stop."""


def read_small_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark; raises UnfitFile.

    A named pipe would be waited for without end where nobody writes to it, and a device may have no end at all.
    """
    try:
        content = _read(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnfitFile(f"cannot be read ({reason})") from error
    if len(content) > MOST_BYTES:
        raise UnfitFile(f"is larger than {MOST_BYTES:,} bytes, and no prompt is that long")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnfitFile(f"cannot be read as UTF-8 text ({error.reason} at byte {error.start:,})") from error


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise UnfitFile("is a folder, not a file")
    # Without O_NONBLOCK, which Windows neither has nor needs, opening a named pipe waits for its other end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnfitFile("is not an ordinary file")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
