"""The id of a text: what it is told apart by, and paid for once. It is made here and nowhere else."""

import unicodedata
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

from batch_classifier.language.same_text import SameText

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 32


def text_id(text: str, same_text: SameText = "exact") -> str:
    """32 hex digits that stand for a text's content; surrounding white space does not count (128 bits of SHA-256)."""
    content = text.strip() if same_text == "exact" else normal_form(text)
    return sha256(content.encode()).hexdigest()[:_DIGITS]


def text_ids(texts: "pa.StringArray", same_text: SameText = "exact") -> "pa.StringArray":
    """The ids of many texts; null for a text that is null, empty or only white space.

    The texts' bytes are hashed where they lie, which takes a third of the time that a Python string for each text takes.
    """
    # Who makes single ids, as the local engine does of examples, need not load Arrow.
    import pyarrow as pa
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(texts) if same_text == "exact" else _normal_forms(texts)
    _, offsets, content = stripped.buffers()
    # Of an array whose texts are all empty or null Arrow may leave out the buffer.
    view = memoryview(content) if content is not None else memoryview(b"")
    ends = memoryview(offsets).cast("i")[stripped.offset : stripped.offset + len(stripped) + 1].tolist()
    return pa.array(
        [sha256(view[start:end]).hexdigest()[:_DIGITS] if end > start else None for start, end in pairwise(ends)],
        pa.string(),
    )


def normal_form(text: str) -> str:
    """A text without what does not matter: one space for white space, letter case folded, in Unicode's form NFKC.

    Folding may leave a text that is in no normal form, so that it is brought into one again (Unicode 15, section 3.13).
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _normal_forms(texts: "pa.StringArray") -> "pa.StringArray":
    import pyarrow as pa

    return pa.array([None if text is None else normal_form(text) for text in texts.to_pylist()], pa.string())
