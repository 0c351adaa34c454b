"""Texts that are to be forgotten leave the batches: their lines, and their ids in the list beside them.

The name of a batch, and what the tables count of it, stay as they were. Of a batch that is left without any text all files go.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from batch_classifier.answers.forgetting import forget_answers, record_id
from batch_classifier.answers.forgetting_packed import record_texts_without, unwanted_in_records, without_unwanted
from batch_classifier.inference.questions import quote, quoted_texts
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import is_answers, is_text_ids, record_texts_key
from batch_classifier.storage.record_texts import RecordTexts, read_record_texts
from batch_classifier.storage.removing import change_lines, remove_lines
from batch_classifier.storage.text_ids import TEXT_ID_LENGTH
from batch_classifier.warehouse.wanted import KeyKind, Wanted


@dataclass
class StoredBatch:
    """A batch's folder in the internal folder, with the keys of its files."""

    folder: str
    keys: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The batch's name."""
        return self.folder.rsplit("/", 1)[-1]


@dataclass
class ForgottenBatch:
    """What is to be removed from a batch: lines of texts, lines of answers, and whether no text is left."""

    batch: StoredBatch
    lines: int
    answers: int
    is_empty: bool


def stored_batches(internal: Folder, prompt: str) -> list[StoredBatch]:
    """All batches of a prompt, of whatever version."""
    found: dict[str, StoredBatch] = {}
    for file in internal.list(f"{prompt}/"):
        parts = file.key.split("/")
        if len(parts) > 3:
            folder = "/".join(parts[:3])
            found.setdefault(folder, StoredBatch(folder)).keys.append(file.key)
    return list(found.values())


def text_ids_like(internal: Folder, batches: Collection[StoredBatch], wanted: Wanted) -> set[str]:
    """The ids of the texts in the batches that hold the wanted words, also where no table has their row any more."""
    if wanted.kind is not KeyKind.TEXT_LIKE:
        return set()
    quoted = Wanted(wanted.kind, quote(wanted.value))
    found = set()
    for batch in batches:
        record_texts = {one.record_id: one for one in read_record_texts(internal, record_texts_key(batch.folder))}
        for key in (key for key in batch.keys if key.endswith(".jsonl")):
            with internal.read(key) as lines:
                for line in lines:
                    found |= _ids_like(orjson.loads(line), record_texts, [wanted, quoted])
    return found


def _ids_like(record: dict[str, Any], record_texts: Mapping[str, RecordTexts], wanted: Collection[Wanted]) -> set[str]:
    """The ids of the texts of a record that hold wanted words."""
    name = record["recordId"]
    text_ids = record_texts[name].ids_within() if name in record_texts else {}
    return {
        name if id_within is None else text_ids[id_within]
        for message in _strings(record)
        for id_within, text in quoted_texts(message)
        if (id_within is None or id_within in text_ids) and any(one.is_in(text) for one in wanted)
    }


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def forget_texts(
    internal: Folder, batch: StoredBatch, text_ids: Collection[str], is_rehearsal: bool
) -> ForgottenBatch | None:
    """Remove these texts from a batch and their answers with them; None where the batch has none of them.

    The list of ids is the last to change: what is interrupted is found by it again.
    """
    ids_key = next((key for key in batch.keys if is_text_ids(key)), None)
    if ids_key is None:
        return None
    left, wanted = _counted(internal, ids_key, text_ids)
    if not wanted:
        return None
    record_texts = record_texts_key(batch.folder)
    unwanted = unwanted_in_records(internal, record_texts, text_ids)
    answers = forget_answers(internal, batch.keys, text_ids, unwanted, is_rehearsal)

    def changed(line: bytes) -> bytes | None:
        name = record_id(line)
        return None if name in text_ids else without_unwanted(line, name, unwanted)

    lines = 0
    for key in batch.keys:
        if key.endswith(".jsonl") and not is_answers(key):
            lines += change_lines(internal, key, changed, is_rehearsal)
    if record_texts in batch.keys:
        # After the lines: by it they are found again when this is interrupted.
        change_lines(internal, record_texts, lambda line: record_texts_without(line, text_ids), is_rehearsal)
    if not is_rehearsal and left:
        remove_lines(internal, ids_key, lambda line: line[:TEXT_ID_LENGTH].decode() in text_ids, is_rehearsal)
    return ForgottenBatch(batch, lines, answers, is_empty=not left)


def remove_batch(internal: Folder, batch: StoredBatch, job_notes: Collection[Folder]) -> None:
    """Remove a batch that no text is left of.

    The notes of its jobs go first: were they left, the same texts would not be sent again when they are needed again. The list
    of ids goes last, so that what is interrupted is found again.
    """
    for notes in job_notes:
        for file in list(notes.list()):
            if f"-{batch.name}-" in file.key:
                notes.delete(file.key)
    for key in sorted(batch.keys, key=is_text_ids):
        internal.delete(key)


def _counted(internal: Folder, ids_key: str, text_ids: Collection[str]) -> tuple[int, int]:
    """How many texts of a batch stay, and how many are wanted."""
    left = wanted = 0
    with internal.read(ids_key) as lines:
        for line in lines:
            if line[:TEXT_ID_LENGTH].decode() in text_ids:
                wanted += 1
            else:
                left += 1
    return left, wanted
