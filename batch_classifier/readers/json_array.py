"""A JSON array or objects of several lines, one by one: a megabyte is in memory, and the place where they break off is told."""

import json
import re
from collections.abc import Iterator
from typing import TextIO

from batch_classifier.errors import UnreadableFile
from batch_classifier.readers.json_values import LONGEST_VALUE, decoder

CHUNK_CHARACTERS = 1 << 20
_SPACES = re.compile(r"[ \t\r\n]+")


class _Window:
    """The part of the text that is in memory, and the place in it."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.content = ""
        self.place = 0
        self.is_last = False

    def grow(self) -> None:
        """Drop what is behind the place and read on, twice as far each time that nothing could be dropped."""
        rest = self.content[self.place :]
        more = self._text.read(max(CHUNK_CHARACTERS, len(rest)))
        self.content, self.place, self.is_last = rest + more, 0, not more

    def next_mark(self) -> str:
        """Go to the next character that is not a space, and return it; the empty string at the end."""
        while True:
            mark = self.content[self.place : self.place + 1]
            if mark.isspace() and (spaces := _SPACES.match(self.content, self.place)):
                self.place = spaces.end()
                mark = self.content[self.place : self.place + 1]
            if mark or self.is_last:
                return mark
            self.grow()


def read_array(text: TextIO, name: str) -> Iterator[object]:
    """Yield the elements of a JSON array.

    Raises:
        UnreadableFile: the array breaks off, is not valid, or has more behind its end; the elements before the place were
            yielded.
    """
    window = _Window(text)
    count = 0
    window.next_mark()
    window.place += 1
    while window.next_mark() != "]":
        yield _next_element(window, count, name)
        count += 1
        mark = window.next_mark()
        if mark == ",":
            window.place += 1
        elif mark != "]":
            raise _broken(name, count, "a comma or the array's end is missing" if mark else None)
    window.place += 1
    if window.next_mark():
        raise _broken(name, count, "the array ends, but the file goes on")


def read_sequence(text: TextIO, name: str) -> Iterator[object]:
    """Yield JSON values that stand one after another, each over as many lines as it likes.

    Raises:
        UnreadableFile: the last one breaks off, or one is not valid; those before it were yielded.
    """
    window = _Window(text)
    count = 0
    while window.next_mark():
        yield _next_element(window, count, name)
        count += 1


def _next_element(window: _Window, count: int, name: str) -> object:
    while True:
        try:
            value, end = decoder.raw_decode(window.content, window.place)
        except json.JSONDecodeError as error:
            # What is not valid may only be cut: read on, and decide when there is no more.
            if window.is_last:
                cut = error.pos >= len(window.content.rstrip()) or error.msg.startswith("Unterminated")
                raise _broken(name, count, None if cut else error.msg.lower()) from None
        except RecursionError:
            raise _broken(name, count, "the next one is nested too deeply") from None
        else:
            # A number that touches the end may go on behind it.
            if end < len(window.content) or window.is_last:
                window.place = end
                return value
        if len(window.content) - window.place > LONGEST_VALUE:
            raise _broken(name, count, f"the next one is not valid or longer than {LONGEST_VALUE:,} characters")
        window.grow()


def _broken(name: str, count: int, reason: str | None) -> UnreadableFile:
    if reason is None:
        return UnreadableFile(f"'{name}' breaks off after element {count:,} of its JSON: drop the whole file again.")
    return UnreadableFile(f"'{name}' is not valid JSON after element {count:,} ({reason}): export it again.")
