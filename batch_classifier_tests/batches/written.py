"""Batches that a test writes from texts."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from batch_classifier.batches.writing import Batch, write_batches
from batch_classifier.inference.prices import Price
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.text_id import text_id
from batch_classifier.storage.local_folder import LocalFolder


def write(
    folder: Path, prompt: Prompt, texts: Sequence[str], per_batch: int = 50_000, price: Price | None = None
) -> list[Batch]:
    rows = pa.record_batch({"text_id": [text_id(text) for text in texts], "text": list(texts)})
    return list(write_batches([rows], per_batch, prompt, price, LocalFolder(folder / "internal")))
