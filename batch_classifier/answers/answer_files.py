"""From the `.jsonl.out` files of a job to answers: one for each text that has a line, with an honest status."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

import msgspec
import pyarrow as pa

from batch_classifier.answers.answer_text import parse_json, parse_tags
from batch_classifier.answers.labels import Labels
from batch_classifier.inference.model_answers import RecordOut, decode_record
from batch_classifier.prompts.prompt import Prompt

ANSWERS_AT_ONCE = 2_000

# Ranked: of several answers to one text the first in this order counts.
STATUSES_OF_ANSWERS = ("classified", "repaired", "invalid_class", "no_answer", "model_error")

ANSWER_SCHEMA = pa.schema(
    [
        ("text_id", pa.string()),
        ("class", pa.string()),
        ("rationale", pa.string()),
        ("status", pa.string()),
        ("raw_class", pa.string()),
        ("confidence", pa.float64()),
        ("error", pa.string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
    ]
)


@dataclass
class Answers:
    """Reads the answers of one output file, as record batches of ANSWER_SCHEMA, and counts the lines that say nothing.

    Iterate it once. A line that cannot be read costs its own record and nothing else.
    """

    file: BinaryIO
    prompt: Prompt
    lines: int = 0
    unreadable: int = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        labels = _labels(self.prompt.class_names)
        rows = (_answer_row(record, self.prompt, labels) for record in self._records())
        yield from in_batches(rows, ANSWER_SCHEMA)

    def _records(self) -> Iterator[RecordOut]:
        for line in self.file:
            if line.isspace():
                continue
            self.lines += 1
            try:
                yield decode_record(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.unreadable += 1


def _answer_row(record: RecordOut, prompt: Prompt, labels: Labels) -> tuple:
    """One record of a job's output as a row of ANSWER_SCHEMA."""
    output = record.modelOutput
    if record.error is not None or output is None:
        error = record.error.sentence() if record.error else "the service returned neither an answer nor an error"
        return (record.recordId, None, None, "model_error", None, None, error, 0, 0)
    read, written = output.tokens()
    text = output.text()
    if not text.strip():
        return (record.recordId, None, None, "no_answer", None, None, "the model's answer is empty", read, written)
    parsed = parse_json(text) if prompt.answer == "json" else parse_tags(text)
    match = labels.match(parsed.class_words or "")
    if match.name is not None:
        status, problem = ("classified" if match.how == "exact" else "repaired"), None
    elif output.was_cut():
        status = "no_answer"
        problem = f"the answer was cut at max_tokens ({prompt.model.max_tokens}) before it named a class"
    else:
        status = "invalid_class"
        problem = parsed.problem or f"the model answered {parsed.class_words!r:.200}, which is none of the categories"
    found = (record.recordId, match.name, parsed.rationale, status, parsed.class_words)
    return (*found, output.confidence, problem, read, written)


def in_batches(rows: Iterable[tuple], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows as record batches of a schema."""
    some: list[tuple] = []
    for row in rows:
        some.append(row)
        if len(some) == ANSWERS_AT_ONCE:
            yield _record_batch(some, schema)
            some = []
    if some:
        yield _record_batch(some, schema)


def _record_batch(rows: list[tuple], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


@lru_cache(maxsize=16)
def _labels(names: tuple[str, ...]) -> Labels:
    return Labels(names)
