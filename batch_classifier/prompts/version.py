"""The version of a prompt: what tells answers apart that were given to different questions."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

# Part of every prompt version: raise it when the way a text is put to the model changes, so that old answers are not reused.
REQUEST_FORM = 2


def version_of(content: Mapping[str, Any]) -> str:
    """12 hex digits that stand for what can change an answer: `content` is that part of a prompt file."""
    return hash_of([REQUEST_FORM, content])


def hash_of(content: object) -> str:
    """12 hex digits that stand for something that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
