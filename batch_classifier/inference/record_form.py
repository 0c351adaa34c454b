"""A batch's lines: one record each, its id and its request, which differ from one another only in ids and quoted texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from batch_classifier.inference.questions import AFTER_ID, AFTER_TEXT, BEFORE_ID, question, question_of_several

_TEXT_PLACE = "\ue000text\ue000"
_ID_PLACE = "\ue000record\ue000"

# What is around each of several texts, as JSON writes it.
_BEFORE_ID, _AFTER_ID, _AFTER_TEXT = (orjson.dumps(mark)[1:-1] for mark in (BEFORE_ID, AFTER_ID, AFTER_TEXT))


class Record(NamedTuple):
    """What a line asks: its record id and the quoted texts, each by the id that it goes by in the record."""

    record_id: str
    texts: dict[str, str]

    @property
    def asks_of_one(self) -> bool:
        """Whether it was made for one text, which then goes by the record's id."""
        return self.record_id in self.texts


@dataclass(frozen=True)
class RecordForm:
    """The constant bytes of a prompt's JSONL lines: what stands before the id, between id and text, and after the text."""

    before_id: bytes
    before_text: bytes
    after_text: bytes

    @classmethod
    def around(cls, put: Callable[[str], dict[str, Any]]) -> "RecordForm":
        """The form of the records whose `modelInput` is what `put` makes of the user's message."""
        return cls._around(put, question(_TEXT_PLACE))

    @classmethod
    def of_several(cls, put: Callable[[str], dict[str, Any]], texts: int) -> "RecordForm":
        """The same for records of so many texts: in the text's place stand all of them, marked."""
        return cls._around(put, question_of_several(_TEXT_PLACE, texts))

    @classmethod
    def _around(cls, put: Callable[[str], dict[str, Any]], message: str) -> "RecordForm":
        record = orjson.dumps({"recordId": _ID_PLACE, "modelInput": put(message)})
        before_id, rest = record.split(_ID_PLACE.encode())
        before_text, after_text = rest.split(_TEXT_PLACE.encode())
        return cls(before_id, before_text, after_text)

    @property
    def overhead(self) -> int:
        """Bytes of a line besides its id and its text, the line feed included."""
        return len(self.before_id) + len(self.before_text) + len(self.after_text) + 1

    def read(self, line: bytes) -> tuple[str, str]:
        """Record id and quoted text of a line of this form; raises ValueError for a line of another one."""
        start, text_end = len(self.before_id), len(line) - len(self.after_text)
        id_end = line.find(b'"', start)
        text_start = id_end + len(self.before_text)
        if not (
            line.startswith(self.before_id)
            and line.startswith(self.before_text, id_end)
            and line.endswith(self.after_text)
        ):
            raise ValueError("the line was not written with this version of the prompt")
        return line[start:id_end].decode(), orjson.loads(b'"%b"' % line[text_start:text_end])


@dataclass(frozen=True)
class RecordForms:
    """The forms of a prompt's lines, by the number of their texts.

    Attributes:
        put: makes the `modelInput` of a user's message and the number of texts in it.
        single: the form of a record that holds one text.
    """

    put: Callable[[str, int], dict[str, Any]]
    single: RecordForm = field(init=False)
    _of_several: dict[int, RecordForm] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "single", RecordForm.around(lambda user: self.put(user, 1)))

    def of(self, texts: int) -> RecordForm:
        """The form of a record that holds so many texts."""
        if texts == 1:
            return self.single
        if texts not in self._of_several:
            self._of_several[texts] = RecordForm.of_several(lambda user: self.put(user, texts), texts)
        return self._of_several[texts]

    def line(self, record_id: str, ids: Sequence[str], quoted: Sequence[bytes]) -> list[bytes]:
        """A line of a record that holds several texts, in pieces; `quoted` are the texts as JSON writes them."""
        form = self.of(len(ids))
        pieces = [form.before_id, record_id.encode(), form.before_text]
        for id_within, text in zip(ids, quoted, strict=True):
            pieces += (_BEFORE_ID, id_within.encode(), _AFTER_ID, text, _AFTER_TEXT)
        return [*pieces, form.after_text, b"\n"]

    def read(self, line: bytes) -> Record:
        """What a line asks, whatever the number of its texts; raises ValueError for one of another version of the prompt."""
        before, after = self.single.before_text.count(_BEFORE_ID), self.single.after_text.count(_BEFORE_ID)
        marked = line.split(_BEFORE_ID)[1 + before :]
        marked = marked[: len(marked) - after]
        if not marked:
            text_id, text = self.single.read(line)
            return Record(text_id, {text_id: text})
        # Forgetting may have left fewer texts than the request speaks of, so the constant bytes are no measure.
        start = len(self.single.before_id)
        texts = {}
        for place in marked:
            id_within, _, rest = place.partition(_AFTER_ID)
            quoted, end, _ = rest.partition(_AFTER_TEXT)
            if not end or not line.startswith(self.single.before_id):
                raise ValueError("the line was not written with this version of the prompt")
            texts[id_within.decode()] = orjson.loads(b'"%b"' % quoted)
        return Record(line[start : line.find(b'"', start)].decode(), texts)
