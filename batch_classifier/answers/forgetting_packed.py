"""A text that is to be forgotten leaves a record that holds others too: from what was asked, and from what was answered."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from batch_classifier.inference.questions import without_texts
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.record_texts import RecordTexts, id_within, read_record_texts, record_of_line

# By record id: the ids that the unwanted ones of its texts go by in it, and whether others are left.
Unwanted = Mapping[str, tuple[frozenset[str], bool]]


def unwanted_in_records(folder: Folder, key: str, text_ids: Collection[str]) -> dict[str, tuple[frozenset[str], bool]]:
    """The records of several texts that hold unwanted ones; `key` is that of the file that tells what records hold."""
    found = {}
    for record in read_record_texts(folder, key):
        ids = frozenset(id_within(record.record_id, one) for one in record.text_ids if one in text_ids)
        if ids and record.is_packed:
            found[record.record_id] = (ids, len(ids) < len(record.text_ids))
    return found


def without_unwanted(line: bytes, record_id: str | None, unwanted: Unwanted) -> bytes | None:
    """A line of a batch or of its answers without the unwanted texts and what was said of them; None where nothing is left."""
    ids, has_others = unwanted.get(record_id or "", (frozenset[str](), True))
    if not ids:
        return line
    if not has_others:
        return None
    record = orjson.loads(line)
    for part, remove in (("modelInput", without_texts), ("modelOutput", _without_answers)):
        if part in record:
            record[part] = _each_string(record[part], lambda words, remove=remove: remove(words, ids))
    return orjson.dumps(record) + b"\n"


def record_texts_without(line: bytes, text_ids: Collection[str]) -> bytes | None:
    """A line of the file that tells what records hold, without these texts; None where none is left."""
    record = record_of_line(line)
    left = tuple(one for one in record.text_ids if one not in text_ids)
    return RecordTexts(record.record_id, left).line() if left else None


def _each_string(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_string(one, change) for key, one in value.items()}
    return [_each_string(one, change) for one in value] if isinstance(value, list) else value


def _without_answers(words: str, ids: Collection[str]) -> str:
    """A model's words without the answers under these ids. What names one in another way is not kept at all."""
    for one in ids:
        words = re.sub(rf"<answer\s+id=.?{one}.?>.*?(?=<answer\b|\Z)", "", words, flags=re.DOTALL | re.IGNORECASE)
    if not any(one in words.lower() for one in ids):
        return words
    try:
        said = orjson.loads(words)
        said["answers"] = [one for one in said["answers"] if one["id"] not in ids]
        words = orjson.dumps(said).decode()
    except (ValueError, KeyError, TypeError):
        return ""
    return words if not any(one in words.lower() for one in ids) else ""
