"""The id of a text: what it is told apart by, and paid for once. It is made here and nowhere else."""

from hashlib import sha256
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

_DIGITS = 32


def text_id(text: str) -> str:
    """32 hex digits that stand for a text's content; surrounding white space does not count (128 bits of SHA-256)."""
    return sha256(text.strip().encode()).hexdigest()[:_DIGITS]


def text_ids(texts: pa.StringArray) -> pa.StringArray:
    """The ids of many texts; null for a text that is null, empty or only white space.

    The texts' bytes are hashed where they lie, which takes a third of the time that a Python string for each text takes.
    """
    stripped = pc.utf8_trim_whitespace(texts)
    _, offsets, content = stripped.buffers()
    # Of an array whose texts are all empty or null Arrow may leave out the buffer.
    view = memoryview(content) if content is not None else memoryview(b"")
    ends = memoryview(offsets).cast("i")[stripped.offset : stripped.offset + len(stripped) + 1].tolist()
    return pa.array(
        [sha256(view[start:end]).hexdigest()[:_DIGITS] if end > start else None for start, end in pairwise(ends)],
        pa.string(),
    )
