"""A batch's lines: one record each, its id and its request, which differ from one another only in the id and the quoted text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from batch_classifier.inference.questions import question

_TEXT_PLACE = "\ue000text\ue000"
_ID_PLACE = "\ue000record\ue000"


@dataclass(frozen=True)
class RecordForm:
    """The constant bytes of a prompt's JSONL lines: what stands before the id, between id and text, and after the text."""

    before_id: bytes
    before_text: bytes
    after_text: bytes

    @classmethod
    def around(cls, put: Callable[[str], dict[str, Any]]) -> "RecordForm":
        """The form of the records whose `modelInput` is what `put` makes of the user's message."""
        record = orjson.dumps({"recordId": _ID_PLACE, "modelInput": put(question(_TEXT_PLACE))})
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
