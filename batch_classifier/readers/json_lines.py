"""One JSON value a line: a line that can't be read is a row with a problem, and the next one is read all the same."""

import json
from collections.abc import Iterator
from typing import TextIO

from batch_classifier.readers.json_values import LONGEST_VALUE, TOO_DEEP, NotJson, decoder


def read_lines(text: TextIO) -> Iterator[object]:
    """Yield the value of each line that is not blank, `NotJson` for one that can't be read."""
    while line := text.readline(LONGEST_VALUE):
        if len(line) == LONGEST_VALUE and not line.endswith(("\n", "\r")):
            _pass_line_end(text)
            yield NotJson(f"is longer than {LONGEST_VALUE:,} characters")
        elif not line.isspace():
            yield _read_line(line)


def _pass_line_end(text: TextIO) -> None:
    while (piece := text.readline(LONGEST_VALUE)) and not piece.endswith(("\n", "\r")):
        pass


def _read_line(line: str) -> object:
    try:
        value: object = decoder.decode(line)
    except json.JSONDecodeError as error:
        return NotJson(f"is not valid JSON: {error.msg[0].lower()}{error.msg[1:]} (character {error.pos + 1})")
    except RecursionError:
        return NotJson(TOO_DEEP)
    return value
