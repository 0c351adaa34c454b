"""The part of a JSON file that is in memory, and the place in it."""

import codecs
import re

from batch_classifier.requests.readers.encoding import Utf8Stream

CHUNK_BYTES = 1 << 20
_SPACES = re.compile(rb"[ \t\r\n]+")


class Window:
    """A megabyte of the file, or more where one value is longer."""

    def __init__(self, stream: Utf8Stream) -> None:
        self._stream = stream
        # A row, most of which may be one cell, written with escapes.
        self.longest_value = 2 * stream.limits.cell_bytes
        self.content = b""
        self.place = 0
        self.is_last = False
        # Whether what is in memory is to be read value by value.
        self.is_slow = False
        self._text: str | None = None
        self._text_place = 0

    def grow(self) -> None:
        """Drop what is behind the place and read on, twice as far each time that nothing could be dropped."""
        rest = self.content[self.place :]
        more = self._stream.read(max(CHUNK_BYTES, len(rest)))
        self.content, self.place, self.is_last = rest + more, 0, not more
        self._text, self.is_slow = None, False

    def next_mark(self) -> bytes:
        """Go to the next byte that is not a space, and return it; nothing at the end."""
        while True:
            mark = self.content[self.place : self.place + 1]
            if mark.isspace() and (spaces := _SPACES.match(self.content, self.place)):
                self.pass_marks(spaces.end() - self.place)
                mark = self.content[self.place : self.place + 1]
            if mark or self.is_last:
                return mark
            self.grow()

    def pass_marks(self, count: int) -> None:
        """Go on by so many spaces, commas or brackets."""
        self.place += count
        self._text_place += count

    def take(self, end: int) -> bytes:
        """Go to `end`, and return what is before it."""
        piece = self.content[self.place : end]
        self.place, self._text = end, None
        return piece

    def text(self) -> tuple[str, int]:
        """What is in memory as text, and the place in that."""
        if self._text is None:
            # A letter that the end of the window has cut in two is left for the next one.
            self._text, _ = codecs.utf_8_decode(self.content[self.place :], "strict", self.is_last)
            self._text_place = 0
        return self._text, self._text_place

    def pass_text(self, end: int) -> None:
        """Go to character `end` of the text."""
        text, place = self.text()
        self.place += len(text[place:end].encode())
        self._text_place = end
