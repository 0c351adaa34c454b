"""The id of a text: what it is told apart by, and paid for once."""

import hashlib


def text_id(text: str) -> str:
    """32 hex digits that stand for a text's content; surrounding white space does not count (128 bits of SHA-256)."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:32]
