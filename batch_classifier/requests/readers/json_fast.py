"""JSON by msgspec, many values at once: the fast way, which almost every file goes from end to end.

msgspec takes no NaN, no half letters and no control characters in strings; what holds such things is left to Python's decoder.
"""

import decimal
import re

import msgspec

from batch_classifier.requests.readers.json_window import Window

# Numbers keep the digits they are written with.
_DECODER = msgspec.json.Decoder(float_hook=decimal.Decimal)
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, decimal.InvalidOperation)
_NEXT_OBJECT = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*\{")
# Each brace in the texts at the window's end takes one look.
_MOST_LOOKS = 1_000


def take_elements(window: Window) -> list[object]:
    """Take the elements of an array that are whole in the window, but for the last; none when they must go the slow way.

    Where the window is cut is a guess: behind a brace before a comma and another brace, which may as well be within a text. What
    is then left of it is no JSON, so the guess is right when it can be read.
    """
    if window.is_slow:
        return []
    end = _end_of_object(window)
    if end is None and not window.is_last:
        window.grow()
        end = _end_of_object(window)
    if end is not None:
        try:
            elements: list[object] = _DECODER.decode(b"[%b]" % window.content[window.place : end])
        except _REFUSED:
            pass
        else:
            window.take(end)
            return elements
    window.is_slow = True
    return []


def _end_of_object(window: Window) -> int | None:
    end = len(window.content)
    for _ in range(_MOST_LOOKS):
        end = window.content.rfind(b"}", window.place, end)
        if end < 0:
            return None
        if _NEXT_OBJECT.match(window.content, end + 1):
            return end + 1
    return None


def read_whole_lines(lines: bytes) -> list[object]:
    """The values of lines that end with a line feed, one value a line; none when these must be read the slow way."""
    try:
        values: list[object] = _DECODER.decode_lines(lines)
    except _REFUSED:
        return []
    # msgspec does not mind where lines end: of one value over two lines or two values on one it says nothing.
    return values if len(values) == lines.count(b"\n") else []
