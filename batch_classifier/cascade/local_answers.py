"""The local model's answers to a file's texts, as a batch of their own in the internal folder, in the form of a job's answers.

They are stored when they are decided, and named after their content: who reads them later reads these, whatever has been trained
since. Texts that are forgotten leave them as they leave any batch.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec
import orjson
import pyarrow as pa

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import LOCAL_BATCH, audit_key, audit_of, local_answers_key, text_ids_key
from batch_classifier.warehouse.batch import Batch

MODEL_ID = "local_model-"
"""What the ids of local models begin with; the digest of what they were trained on follows."""
_DIGITS = 16
_NOTHING_SPENT = {"input_tokens": 0, "output_tokens": 0}


class _Audited(msgspec.Struct):
    recordId: str
    class_name: str


def is_local(batch: Batch) -> bool:
    """Whether a batch was answered by a local model, so that nothing is sent for it."""
    return batch.name.startswith(LOCAL_BATCH)


def write_local_batch(
    internal: Folder,
    prompt: Prompt,
    request_file: str,
    model_id: str,
    answered: Iterable[pa.RecordBatch],
    audited: Iterable[pa.RecordBatch],
) -> Batch:
    """Write what the local model answers, and what it would have answered to the texts that the model is asked as well.

    Both come as text_id, class and confidence. Returns the batch's row.
    """
    with (
        internal.spool() as path,
        internal.spool() as ids_path,
        internal.spool() as audit_path,
        internal.spool() as audit_ids_path,
    ):
        digest, records = hashlib.sha256(f"{model_id} {request_file}\n".encode()), 0
        with path.open("wb") as file, ids_path.open("wb") as ids:
            for text_id, class_name, confidence in _rows(answered):
                line = _line(prompt, text_id, class_name, confidence)
                digest.update(line)
                file.write(line)
                ids.write(text_id.encode() + b"\n")
                records += 1
        with audit_path.open("wb") as file, audit_ids_path.open("wb") as ids:
            for text_id, class_name, _ in _rows(audited):
                file.write(orjson.dumps({"recordId": text_id, "class_name": class_name}) + b"\n")
                ids.write(text_id.encode() + b"\n")
        size, name = path.stat().st_size, f"{LOCAL_BATCH}{digest.hexdigest()[:_DIGITS]}"
        internal.publish(audit_path, audit_key(prompt, name))
        internal.publish(audit_ids_path, text_ids_key(prompt, audit_of(name)))
        # The ids come last, by which a batch is found.
        answers_key = f"{local_answers_key(prompt, name)}/{name}.jsonl.out"
        internal.publish(path, answers_key)
        internal.publish(ids_path, text_ids_key(prompt, name))
    return local_batch(internal, prompt, request_file, name, model_id, records, size)


def local_batch(
    internal: Folder, prompt: Prompt, request_file: str, name: str, model_id: str, records: int, size: int
) -> Batch:
    """The row of `bedrock_jsonl` for a batch of local answers."""
    return Batch(
        request_file=request_file,
        name=name,
        uri=internal.uri_of(local_answers_key(prompt, name)),
        records=records,
        bytes=size,
        sha256=name.removeprefix(LOCAL_BATCH),
        estimated_input_tokens=0,
        estimated_output_tokens=0,
        estimated_cost_usd=0.0,
        prompt_version=prompt.version,
        model_id=model_id,
        content_bytes=0,
    )


def read_audited(internal: Folder, prompt: Prompt, name: str) -> Iterator[tuple[str, str]]:
    """The texts of a batch's file that the model was asked as well: their ids, and the local model's class."""
    key = audit_key(prompt, name)
    if internal.find(key) is None:
        return
    decoder = msgspec.json.Decoder(_Audited)
    with internal.read(key) as lines:
        for line in _whole(lines):
            audited = decoder.decode(line)
            yield audited.recordId, audited.class_name


def _whole(lines: BinaryIO) -> Iterator[bytes]:
    return (line for line in lines if not line.isspace())


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, str, float]]:
    for batch in batches:
        columns = (batch[name].to_pylist() for name in ("text_id", "class", "confidence"))
        yield from zip(*columns, strict=True)


def _line(prompt: Prompt, text_id: str, class_name: str, confidence: float) -> bytes:
    """A line as a job would have written it, so that it is read as one."""
    said = orjson.dumps({"class": class_name}).decode() if prompt.answer == "json" else f"<class>{class_name}</class>"
    output = {
        "content": [{"type": "text", "text": said}],
        "stop_reason": "end_turn",
        "usage": _NOTHING_SPENT,
        "confidence": round(confidence, 4),
    }
    return orjson.dumps({"recordId": text_id, "modelOutput": output}) + b"\n"
