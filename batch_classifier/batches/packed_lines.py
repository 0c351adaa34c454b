"""The lines of batches whose records hold several texts: as many as fit, in the order in which the texts come."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from batch_classifier.batches.lines import quoted, small_slices
from batch_classifier.inference.interface import RecordRoom
from batch_classifier.inference.record_form import RecordForms
from batch_classifier.storage.record_texts import RecordTexts

# So much is handed on at once.
_SOME_BYTES = 1 << 20


@dataclass
class PackedLines:
    """Some lines that hold one text or several. `size` is in bytes, line feeds included."""

    ids: list[bytes] = field(default_factory=list)
    size: int = 0
    record_texts: list[RecordTexts] = field(default_factory=list)
    _pieces: list[bytes] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many lines they are."""
        return len(self.record_texts)

    def pieces(self) -> list[bytes]:
        """The lines, in pieces."""
        return self._pieces

    def add(self, record: RecordTexts, pieces: list[bytes]) -> None:
        """Add a line."""
        self.ids += [text_id.encode() for text_id in record.text_ids]
        self.record_texts.append(record)
        self._pieces += pieces
        self.size += sum(map(len, pieces))


class PackedLineSource:
    """Makes lines of texts (columns text_id and text) as they are taken.

    The lines follow from the texts and their order alone, however the stream is cut: a batch made again has the same name.
    """

    def __init__(self, texts: Iterable[pa.RecordBatch], forms: RecordForms, room: RecordRoom, version: str) -> None:
        self._forms = forms
        self._room = room
        self._version = version
        self._texts = _one_by_one(small_slices(texts, forms.single.overhead))
        self._waiting: deque[tuple[str, bytes]] = deque()

    def has_more(self) -> bool:
        """Whether there is another line."""
        return self._fill(1)

    def of_a_batch(self, most_texts: int, most_bytes: int) -> Iterator[PackedLines]:
        """The lines of the next batch: at least one, though it be too large by itself."""
        texts = size = 0
        some = PackedLines()
        while texts < most_texts and self.has_more():
            record, pieces = self._next_record(most_texts - texts)
            line_size = sum(map(len, pieces))
            if texts and size + line_size > most_bytes:
                break
            for _ in record.text_ids:
                self._waiting.popleft()
            texts, size = texts + len(record.text_ids), size + line_size
            some.add(record, pieces)
            if some.size >= _SOME_BYTES:
                yield some
                some = PackedLines()
        if some.records:
            yield some

    def _fill(self, texts: int) -> bool:
        while len(self._waiting) < texts and (one := next(self._texts, None)) is not None:
            self._waiting.append(one)
        return len(self._waiting) >= texts

    def _next_record(self, most_texts: int) -> tuple[RecordTexts, list[bytes]]:
        """The next record and its line; its texts still wait."""
        self._fill(min(most_texts, self._room.most_texts))
        chosen = [self._waiting[0]]
        size = len(chosen[0][1])
        for text_id, text in list(self._waiting)[1 : min(most_texts, self._room.most_texts)]:
            size += len(text)
            if size > self._room.most_bytes:
                break
            chosen.append((text_id, text))
        record = RecordTexts.of([text_id for text_id, _ in chosen], self._version)
        while len(record.ids_within()) < len(chosen):
            # Two texts would go by the same id, which is as likely as winning a lottery: they are not put together.
            chosen.pop()
            record = RecordTexts.of([text_id for text_id, _ in chosen], self._version)
        texts = [text for _, text in chosen]
        if len(chosen) == 1:
            form = self._forms.single
            id_and_text = [record.record_id.encode(), form.before_text, texts[0]]
            return record, [form.before_id, *id_and_text, form.after_text, b"\n"]
        return record, self._forms.line(record.record_id, list(record.ids_within()), texts)


def _one_by_one(texts: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, bytes]]:
    for batch in texts:
        for text_id, text in zip(batch["text_id"].to_pylist(), batch["text"].to_pylist(), strict=True):
            yield text_id, quoted(text)
