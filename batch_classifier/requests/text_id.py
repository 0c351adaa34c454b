"""The id of a text: what it is told apart by, and paid for once. It is made here and nowhere else."""

import hashlib

import pyarrow as pa
import pyarrow.compute as pc


def text_id(text: str) -> str:
    """32 hex digits that stand for a text's content; surrounding white space does not count (128 bits of SHA-256)."""
    return _id_of(text.strip().encode())


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
        [_id_of(view[start:end]) if end > start else None for start, end in zip(ends, ends[1:], strict=False)],
        pa.string(),
    )


def _id_of(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
