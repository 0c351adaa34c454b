"""Answers to texts that are to be forgotten leave the files of answers, as the service wrote them and as they were parsed."""

from collections.abc import Collection, Iterable

import msgspec

from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import is_answers, is_parsed_answers, text_of_answer_part
from batch_classifier.storage.removing import remove_lines


class _Record(msgspec.Struct):
    recordId: str


_DECODER = msgspec.json.Decoder(_Record)


def record_id(line: bytes) -> str | None:
    """The id of a line's record; None for a line that cannot be read."""
    try:
        return _DECODER.decode(line).recordId
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def forget_answers(internal: Folder, keys: Iterable[str], text_ids: Collection[str], is_rehearsal: bool) -> int:
    """Remove the answers to these texts from a batch's files; returns how many lines these are.

    Parsed answers are removed whole, before the files that they are made from: who needs them parses these again. A line that
    cannot be read says nothing of whose it is, and goes too.
    """
    keys = list(keys)
    if not is_rehearsal:
        for key in keys:
            if is_parsed_answers(key) or text_of_answer_part(key) in text_ids:
                internal.delete(key)
    return sum(
        remove_lines(internal, key, lambda line: _is_unwanted(line, text_ids), is_rehearsal)
        for key in filter(is_answers, keys)
    )


def _is_unwanted(line: bytes, text_ids: Collection[str]) -> bool:
    found = record_id(line)
    return found in text_ids or (found is None and not line.isspace())
