"""Which texts a batch's records hold, where they may hold several: a file beside the batch, and the ids that records go by.

A line of the file is a record's id and the ids of its texts, in the batch's order. A batch without such a file has a record for
each text, whose id is the text's. Within a record that holds several, a text goes by an id that follows from the ids of all of
them: no text can hold its own, nor that of another without knowing all the others.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from batch_classifier.storage.folder import Folder

ID_LENGTH = 8
_RECORD_ID_DIGITS = 32
# Base 32 (RFC 4648) in small letters, two of its digits at once: the module base64 takes four times as long, and there is an id for each text.
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]


class RecordTexts(NamedTuple):
    """A record's id, and the ids of the texts that it holds."""

    record_id: str
    text_ids: tuple[str, ...]

    @classmethod
    def of(cls, text_ids: Sequence[str], version: str) -> "RecordTexts":
        """The record that holds these texts, asked with this version of a prompt; that of a single text has its id."""
        if len(text_ids) == 1:
            return cls(text_ids[0], tuple(text_ids))
        content = f"{version} {' '.join(text_ids)}".encode()
        return cls(hashlib.sha256(content).hexdigest()[:_RECORD_ID_DIGITS], tuple(text_ids))

    @property
    def is_packed(self) -> bool:
        """Whether it was made for several texts; some of them may have been forgotten since."""
        return self.text_ids != (self.record_id,)

    def ids_within(self) -> dict[str, str]:
        """The texts' ids by those that they go by within the record."""
        return {id_within(self.record_id, text_id): text_id for text_id in self.text_ids}

    def line(self) -> bytes:
        """Its line of the file."""
        return f"{self.record_id} {' '.join(self.text_ids)}\n".encode()


def id_within(record_id: str, text_id: str) -> str:
    """The id that a text goes by within a record: eight letters and digits."""
    bits = int.from_bytes(hashlib.sha256(f"{record_id} {text_id}".encode()).digest()[:5])
    return _PAIRS[bits >> 30] + _PAIRS[bits >> 20 & 1023] + _PAIRS[bits >> 10 & 1023] + _PAIRS[bits & 1023]


def record_of_line(line: bytes) -> RecordTexts:
    """The record of a line of the file."""
    record_id, *text_ids = line.decode().split()
    return RecordTexts(record_id, tuple(text_ids))


def read_record_texts(folder: Folder, key: str) -> Iterator[RecordTexts]:
    """The records of a batch in its order; none where there is no such file."""
    if folder.find(key) is None:
        return
    with folder.read(key) as file:
        for line in file:
            yield record_of_line(line)
