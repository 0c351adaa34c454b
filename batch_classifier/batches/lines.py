"""The lines of batches, taken from a stream of texts so many at once: as many as a batch may have, and no more than fit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson
import pyarrow as pa

from batch_classifier.inference.questions import quote
from batch_classifier.inference.record_form import RecordForm
from batch_classifier.record_batches import rows_at_once


@dataclass(frozen=True)
class Lines:
    """Some lines of one text each: the ids of their texts and the texts, quoted, as JSON writes them.

    `size` is in bytes, line feeds included.
    """

    ids: list[bytes]
    quoted: list[bytes]
    size: int
    form: RecordForm

    @property
    def records(self) -> int:
        """How many lines they are."""
        return len(self.ids)

    def pieces(self) -> list[bytes]:
        """The lines, in pieces."""
        form = self.form
        parts = [form.before_id, b"", form.before_text, b"", form.after_text + b"\n"] * len(self.ids)
        parts[1::5], parts[3::5] = self.ids, self.quoted
        return parts


class LineSource:
    """Makes lines of texts (columns text_id and text) as they are taken."""

    def __init__(self, texts: Iterable[pa.RecordBatch], form: RecordForm) -> None:
        self._texts = small_slices(texts, form.overhead)
        self._form = form
        self._ids: list[bytes] = []
        self._quoted: list[bytes] = []
        self._place = 0

    def has_more(self) -> bool:
        """Whether there is another line."""
        while self._place == len(self._ids):
            batch = next(self._texts, None)
            if batch is None:
                return False
            self._ids = batch["text_id"].cast(pa.binary()).to_pylist()
            self._quoted = [quoted(text) for text in batch["text"].to_pylist()]
            self._place = 0
        return True

    def of_a_batch(self, most_records: int, most_bytes: int) -> Iterator[Lines]:
        """The lines of the next batch: at least one, though it be too large by itself."""
        records = size = 0
        while records < most_records and self.has_more():
            some = self._peek(most_records - records)
            while size + some.size > most_bytes and len(some.ids) > 1:
                some = self._peek(len(some.ids) // 2)
            if records and size + some.size > most_bytes:
                return
            self._place += len(some.ids)
            records, size = records + len(some.ids), size + some.size
            yield some

    def _peek(self, most: int) -> Lines:
        ids = self._ids[self._place : self._place + most]
        quoted = self._quoted[self._place : self._place + most]
        return Lines(
            ids, quoted, sum(map(len, ids)) + sum(map(len, quoted)) + len(ids) * self._form.overhead, self._form
        )


def quoted(text: str) -> bytes:
    """A text as it stands in a line."""
    return orjson.dumps(quote(text))[1:-1]


def small_slices(texts: Iterable[pa.RecordBatch], overhead: int) -> Iterator[pa.RecordBatch]:
    """The texts, so many rows at once that their lines come to a few megabytes: some may be a thousand times as long."""
    for batch in texts:
        rows = rows_at_once(batch.num_rows, batch.nbytes + batch.num_rows * overhead)
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)
