"""Answers to texts that are to be forgotten leave the files of answers, as the service wrote them and as they were parsed."""

from collections.abc import Collection, Iterable

import msgspec

from batch_classifier.answers.forgetting_packed import Unwanted, without_unwanted
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import is_answers, is_parsed_answers, text_of_answer_part
from batch_classifier.storage.removing import change_lines


class _Record(msgspec.Struct):
    recordId: str


_DECODER = msgspec.json.Decoder(_Record)


def record_id(line: bytes) -> str | None:
    """The id of a line's record; None for a line that cannot be read."""
    try:
        return _DECODER.decode(line).recordId
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def forget_answers(
    internal: Folder, keys: Iterable[str], text_ids: Collection[str], unwanted: Unwanted, is_rehearsal: bool
) -> int:
    """Remove the answers to these texts from a batch's files; returns how many lines these are.

    Parsed answers are removed whole, before the files that they are made from: who needs them parses these again. A line that
    cannot be read says nothing of whose it is, and goes too. `unwanted` are the records that hold other texts as well.
    """
    keys = list(keys)
    if not is_rehearsal:
        for key in keys:
            part = text_of_answer_part(key)
            if is_parsed_answers(key) or part in text_ids or part in unwanted:
                internal.delete(key)
    return sum(
        change_lines(internal, key, lambda line: _changed(line, text_ids, unwanted), is_rehearsal)
        for key in filter(is_answers, keys)
    )


def _changed(line: bytes, text_ids: Collection[str], unwanted: Unwanted) -> bytes | None:
    found = record_id(line)
    if found in text_ids or (found is None and not line.isspace()):
        return None
    return without_unwanted(line, found, unwanted)
