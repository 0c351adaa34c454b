"""Batches that a test writes from texts."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from batch_classifier.batches.batch_name import batch_name
from batch_classifier.batches.writing import BatchWriter
from batch_classifier.inference.bedrock.batch_inference import BedrockInference
from batch_classifier.inference.prices import Price, answer_tokens
from batch_classifier.inference.token_use import starting_use
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.batch import Batch


def write(
    folder: Path, prompt: Prompt, texts: Sequence[str], per_batch: int = 50_000, price: Price | None = None
) -> list[Batch]:
    rows = pa.record_batch({"text_id": [text_id(text) for text in texts], "text": list(texts)})
    internal = LocalFolder(folder / "internal")
    inference = BedrockInference(internal, None)
    writer = BatchWriter(
        "calls.csv",
        prompt,
        inference,
        price,
        internal,
        lambda sha256: batch_name(sha256, ()),
        starting_use(prompt, answer_tokens(prompt)),
    )
    return list(writer.write([rows], per_batch))
