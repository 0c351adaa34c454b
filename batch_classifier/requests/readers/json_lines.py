"""One JSON value a line: a line that can't be read is a row with a problem, and the next one is read all the same."""

import io
import json
from collections.abc import Iterator

from batch_classifier.requests.readers.encoding import Utf8Stream
from batch_classifier.requests.readers.json_fast import read_whole_lines
from batch_classifier.requests.readers.json_values import TOO_DEEP, NotJson, decoder
from batch_classifier.requests.readers.json_window import Window


def read_lines(stream: Utf8Stream) -> Iterator[list[object]]:
    """Yield the values of the lines that are not blank, some at once; `NotJson` for one that can't be read."""
    window = Window(stream)
    while not window.is_last:
        window.grow()
        if end := _end_of_lines(window):
            lines = window.take(end)
            yield read_whole_lines(lines) or list(_read_one_by_one(lines.decode()))
        elif len(window.content) > window.longest_value:
            yield [NotJson(f"is longer than {window.longest_value:,} bytes")]
            _pass_line(window)


def _end_of_lines(window: Window) -> int:
    """The end of the last line that is whole in the window; 0 when there is none."""
    if window.is_last:
        return len(window.content)
    # Where a carriage return is the last byte, a line feed may follow.
    return max(window.content.rfind(b"\n"), window.content.rfind(b"\r", 0, -1)) + 1


def _pass_line(window: Window) -> None:
    while not window.is_last:
        ends = [end for end in map(window.content.find, (b"\n", b"\r")) if end >= 0]
        window.take(min(ends) + 1 if ends else len(window.content))
        if ends:
            return
        window.grow()


def _read_one_by_one(lines: str) -> Iterator[object]:
    for line in io.StringIO(lines, newline=""):
        if not line.isspace():
            yield _read_line(line)


def _read_line(line: str) -> object:
    try:
        value: object = decoder.decode(line)
    except json.JSONDecodeError as error:
        return NotJson(f"is not valid JSON: {error.msg[0].lower()}{error.msg[1:]} (character {error.pos + 1})")
    except RecursionError:
        return NotJson(TOO_DEEP)
    return value
