"""The texts of a batch that was never sent, read back from its file."""

from collections.abc import Iterator

import pyarrow as pa

from batch_classifier.inference.model_requests import RecordForm
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_key

TEXTS = pa.schema([("text_id", pa.string()), ("text", pa.string())])


def texts_of_batch(folder: Folder, prompt: Prompt, batch: str) -> Iterator[pa.RecordBatch]:
    """The texts of a batch that is too small to be sent, as they stand in it; there are a few at most."""
    form = RecordForm.of(prompt)
    with folder.read(batch_key(prompt, batch)) as lines:
        pairs = [form.read(stripped) for line in lines if (stripped := line.rstrip(b"\r\n"))]
    yield pa.record_batch([list(column) for column in zip(*pairs, strict=True)], schema=TEXTS)
