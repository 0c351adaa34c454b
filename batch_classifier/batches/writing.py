"""From texts to batches: JSONL files within the limits of who answers them, named after their content."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from batch_classifier.batches.batch_file import BatchFile
from batch_classifier.batches.lines import LineSource
from batch_classifier.batches.packed_lines import PackedLineSource
from batch_classifier.inference.interface import Inference, JobLimits, RecordRoom
from batch_classifier.inference.prices import Price
from batch_classifier.inference.token_use import TokenUse, unread_bytes
from batch_classifier.prompts.prompt import SMALLEST_BATCH_SIZE, Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_folder, batch_key, record_texts_key, text_ids_key
from batch_classifier.warehouse.batch import Batch


def texts_per_batch(texts: int, text_bytes: int, overhead: int, batch_size: int, limits: JobLimits) -> int:
    """Even batches of at most `batch_size` texts, within the limits, and none that is too small while that can be avoided.

    Too small is what the service does not take as a job, or less than a prompt can ask for.
    """
    fewest = max(limits.minimum_records, SMALLEST_BATCH_SIZE)
    by_size = -(-texts // batch_size)
    by_bytes = -(-(text_bytes + texts * overhead) // (limits.maximum_bytes * 9 // 10))
    batches = max(1, by_bytes, min(by_size, texts // fewest))
    # Rounding up may leave next to nothing for the last of many small batches: a batch less, then, for all of them.
    while batches > max(1, by_bytes) and 0 < texts % -(-texts // batches) < fewest:
        batches -= 1
    return min(limits.maximum_records, -(-texts // batches))


@dataclass(frozen=True)
class BatchWriter:
    """Writes the batches of a request file into the internal folder.

    Attributes:
        price: what the model charges; None where it is not known.
        name_of: names a batch by the SHA-256 of its file.
        use: how many tokens the model reads and writes.
        room: how much a record may hold; a text each where it is None.
    """

    request_file: str
    prompt: Prompt
    inference: Inference
    price: Price | None
    internal: Folder
    name_of: Callable[[str], str]
    use: TokenUse
    room: RecordRoom | None = None

    def write(
        self,
        texts: Iterable[pa.RecordBatch],
        per_batch: int,
        on_progress: Callable[[int], None] = lambda _done: None,
    ) -> Iterator[Batch]:
        """Write texts (columns text_id and text, each distinct), so many a batch, and yield each batch when it is in its place."""
        limits = self.inference.limits
        source, done = self._source(texts), 0
        with ThreadPoolExecutor(1) as beside:
            while source.has_more():
                with (
                    self.internal.spool() as path,
                    self.internal.spool() as ids_path,
                    self.internal.spool() as record_texts_path,
                ):
                    with BatchFile(path, ids_path, record_texts_path, beside) as file:
                        for lines in source.of_a_batch(per_batch, limits.maximum_bytes):
                            file.add(lines)
                        batch = self._batch(file.finish(), file)
                    # The lists come first: a batch that is there has them.
                    if isinstance(source, PackedLineSource):
                        key = record_texts_key(batch_folder(self.prompt, batch.name))
                        self.internal.publish(record_texts_path, key)
                    self.internal.publish(ids_path, text_ids_key(self.prompt, batch.name))
                    self.internal.publish(path, batch_key(self.prompt, batch.name))
                done += batch.records
                on_progress(done)
                yield batch

    def _source(self, texts: Iterable[pa.RecordBatch]) -> LineSource | PackedLineSource:
        forms = self.inference.record_forms(self.prompt)
        if self.room is None or self.room.most_texts == 1:
            return LineSource(texts, forms.single)
        return PackedLineSource(texts, forms, self.room, self.prompt.version)

    def _batch(self, sha256: str, file: BatchFile) -> Batch:
        name, size = self.name_of(sha256), file.bytes
        content_bytes = size - file.lines * unread_bytes(self.inference.record_form(self.prompt), self.prompt)
        input_tokens, output_tokens = self.use.read(content_bytes), self.use.written(file.texts)
        cost = None if self.price is None else round(self.price.cost(input_tokens, output_tokens), 6)
        return Batch(
            request_file=self.request_file,
            name=name,
            uri=self.internal.uri_of(batch_key(self.prompt, name)),
            records=file.texts,
            bytes=size,
            sha256=sha256,
            estimated_input_tokens=input_tokens,
            estimated_output_tokens=output_tokens,
            estimated_cost_usd=cost,
            prompt_version=self.prompt.version,
            model_id=self.inference.model_id(self.prompt),
            content_bytes=content_bytes,
            lines=file.lines,
        )
