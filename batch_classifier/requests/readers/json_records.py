"""JSON files: an array of objects, or objects one after another, as a rule one a line."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.requests.readers.encoding import Utf8Stream, open_text
from batch_classifier.requests.readers.json_array import read_array, read_sequence
from batch_classifier.requests.readers.json_lines import read_lines
from batch_classifier.requests.readers.json_values import read_objects
from batch_classifier.requests.readers.rows import Block

_HEAD_CHARACTERS = 1 << 16
_ARRAY_OF_OBJECTS = re.compile(r"\[\s*(\{|$)")
# Of several lines, the second starts with a key or the closing bracket; of one object a line, with another object.
_OBJECT_OF_SEVERAL_LINES = re.compile(r"\{[^\r\n]*[\r\n]+[ \t]*[\"}]")


def read_json(file: BinaryIO, name: str, limits: Limits) -> Iterator[Block]:
    """Yield the rows of a JSON file in order; the columns of a block are all keys that its objects have.

    Files named `.json` are an array when they start with a bracket, and else have one object a line; those named `.jsonl`
    or `.ndjson` are an array only when an object follows on the bracket. Where the first object takes several lines, the
    others may as well; then what is not valid ends the file, as nothing tells where the next object begins.

    Raises:
        UnreadableFile: the file is empty or not JSON, or its array breaks off; the rows before that place were yielded.
    """
    head = open_text(file, name, limits=limits).read(_HEAD_CHARACTERS).lstrip()
    if not head:
        raise UnreadableFile(f"'{name}' is empty: put an array of objects in it, or one object a line.")
    named_lines = name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    is_array = bool(_ARRAY_OF_OBJECTS.match(head)) if named_lines else head.startswith("[")
    stream = Utf8Stream(file, name, limits=limits)
    if is_array:
        yield from read_objects(read_array(stream, name), name)
        return
    if not named_lines and not head.startswith("{"):
        raise UnreadableFile(f"'{name}' is not JSON: make it an array of objects or one object a line.")
    if _OBJECT_OF_SEVERAL_LINES.match(head):
        yield from read_objects(read_sequence(stream, name), name)
        return
    yield from read_objects(read_lines(stream), name)
