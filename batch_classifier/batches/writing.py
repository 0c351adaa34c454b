"""From texts to batches: JSONL files within Bedrock's limits, named after their content.

Limits are those of "Prerequisites for batch inference" in the Amazon Bedrock user guide; the live ones are in Service Quotas.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from batch_classifier.inference.bedrock.limits import MAXIMUM_BYTES, MAXIMUM_RECORDS, MINIMUM_RECORDS
from batch_classifier.inference.model_requests import RecordForm
from batch_classifier.inference.prices import BYTES_A_TOKEN, Price, answer_tokens
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_key, text_ids_key

_WRITE_BYTES = 1 << 20


@dataclass(frozen=True)
class Batch:
    """One JSONL file of texts. `name` comes from its content, so the same texts put the same way are the same batch."""

    name: str
    uri: str
    records: int
    bytes: int
    sha256: str
    estimated_input_tokens: int
    estimated_output_tokens: int
    estimated_cost_usd: float | None


def texts_per_batch(texts: int, text_bytes: int, overhead: int, batch_size: int) -> int:
    """Even batches of at most `batch_size` texts and `MAXIMUM_BYTES`, and none below the minimum while that can be avoided."""
    by_size = -(-texts // batch_size)
    by_bytes = -(-(text_bytes + texts * overhead) // (MAXIMUM_BYTES * 9 // 10))
    batches = max(1, by_bytes, min(by_size, texts // MINIMUM_RECORDS))
    # Rounding up may leave next to nothing for the last of many small batches: a batch less, then, for all of them.
    while batches > max(1, by_bytes) and 0 < texts % -(-texts // batches) < MINIMUM_RECORDS:
        batches -= 1
    return min(MAXIMUM_RECORDS, -(-texts // batches))


def write_batches(
    texts: Iterable[pa.RecordBatch],
    per_batch: int,
    prompt: Prompt,
    price: Price | None,
    folder: Folder,
    name_of: Callable[[str], str] = lambda digest: digest[:16],
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Iterator[Batch]:
    """Write texts (columns text_id and text, each distinct) as batches, and yield each when it is in its place.

    `name_of` names a batch by the SHA-256 of its file.
    """
    form = RecordForm.of(prompt)
    pairs = (
        pair for batch in texts for pair in zip(batch["text_id"].to_pylist(), batch["text"].to_pylist(), strict=True)
    )
    done = 0
    ahead = next(pairs, None)
    while ahead is not None:
        with folder.spool() as path, folder.spool() as ids_path:
            writing = _Writing(path, ids_path)
            while ahead is not None and writing.records < per_batch:
                line = form.line(*ahead)
                if writing.records and writing.bytes + len(line) > MAXIMUM_BYTES:
                    break
                writing.add(line, ahead[0])
                ahead = next(pairs, None)
            batch = writing.publish(prompt, price, folder, name_of)
        done += batch.records
        on_progress(done)
        yield batch


class _Writing:
    """A batch on its way to the disk, with the list of its text ids beside it."""

    def __init__(self, path: Path, ids_path: Path) -> None:
        self.path, self.ids_path = path, ids_path
        self.file, self.ids_file = path.open("wb"), ids_path.open("wb")
        self.hash = hashlib.sha256()
        self.records = self.bytes = 0
        self._lines: list[bytes] = []
        self._ids: list[str] = []
        self._waiting = 0

    def add(self, line: bytes, text_id: str) -> None:
        self._lines.append(line)
        self._waiting += len(line)
        self._ids.append(text_id)
        self.records += 1
        self.bytes += len(line)
        if self._waiting >= _WRITE_BYTES:
            self._flush()

    def _flush(self) -> None:
        piece = b"".join(self._lines)
        self.hash.update(piece)
        self.file.write(piece)
        self.ids_file.write("".join(f"{text_id}\n" for text_id in self._ids).encode())
        self._lines, self._ids, self._waiting = [], [], 0

    def publish(self, prompt: Prompt, price: Price | None, folder: Folder, name_of: Callable[[str], str]) -> Batch:
        self._flush()
        self.file.close()
        self.ids_file.close()
        sha256 = self.hash.hexdigest()
        name = name_of(sha256)
        input_tokens = self.bytes // BYTES_A_TOKEN
        output_tokens = self.records * answer_tokens(prompt)
        # The ids come first: a batch that is there has its list of texts.
        folder.publish(self.ids_path, text_ids_key(prompt, name))
        folder.publish(self.path, batch_key(prompt, name))
        return Batch(
            name=name,
            uri=folder.uri_of(batch_key(prompt, name)),
            records=self.records,
            bytes=self.bytes,
            sha256=sha256,
            estimated_input_tokens=input_tokens,
            estimated_output_tokens=output_tokens,
            estimated_cost_usd=None if price is None else round(price.cost(input_tokens, output_tokens), 6),
        )
