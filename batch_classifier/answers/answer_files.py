"""From the `.jsonl.out` files of a job to answers: one for each text that has a line, with an honest status."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, NamedTuple

import msgspec
import pyarrow as pa

from batch_classifier.answers.answer_text import parse_json, parse_tags
from batch_classifier.answers.labels import Labels
from batch_classifier.inference.model_answers import RecordOut, decode_record
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.record_batches import ROWS_AT_ONCE
from batch_classifier.warehouse.column import TEXT, WHOLE_NUMBER, Source
from batch_classifier.warehouse.statuses import Status
from batch_classifier.warehouse.tables import CLASSIFICATIONS


class Answer(NamedTuple):
    """What the model said of one text.

    A field for each column of `classifications` with `Source.ANSWER`, under its name (`class_` for `class`), and what only
    the way there needs: the text's id and the tokens.
    """

    text_id: str
    class_: str | None
    rationale: str | None
    status: Status
    raw_class: str | None
    confidence: float | None
    error: str | None
    input_tokens: int
    output_tokens: int


def _answer_schema() -> pa.Schema:
    """The fields of `Answer` with the types of their columns; raises TypeError when a column has no field."""
    types = {"text_id": TEXT, "input_tokens": WHOLE_NUMBER, "output_tokens": WHOLE_NUMBER}
    types |= {name: CLASSIFICATIONS.column(name).type for name in CLASSIFICATIONS.names_of(Source.ANSWER)}
    names = [name.rstrip("_") for name in Answer._fields]
    if different := set(names) ^ set(types):
        raise TypeError(
            f"Answer and the columns of {CLASSIFICATIONS.name} with Source.ANSWER are not the same: {sorted(different)}"
        )
    return pa.schema([(name, types[name]) for name in names])


ANSWER_SCHEMA = _answer_schema()


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
        yield from _in_record_batches(_answer(record, self.prompt, labels) for record in self._records())

    def _records(self) -> Iterator[RecordOut]:
        for line in self.file:
            if line.isspace():
                continue
            self.lines += 1
            try:
                yield decode_record(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.unreadable += 1


def _answer(record: RecordOut, prompt: Prompt, labels: Labels) -> Answer:
    """What one record of a job's output says."""
    output = record.modelOutput
    if record.error is not None or output is None:
        error = record.error.sentence() if record.error else "the service returned neither an answer nor an error"
        return _without_class(record.recordId, Status.MODEL_ERROR, error)
    read, written = output.tokens()
    text = output.text()
    if not text.strip():
        return _without_class(record.recordId, Status.NO_ANSWER, "the model's answer is empty", read, written)
    parsed = parse_json(text) if prompt.answer == "json" else parse_tags(text)
    match = labels.match(parsed.class_words or "")
    if match.name is not None:
        status, problem = (Status.CLASSIFIED if match.how == "exact" else Status.REPAIRED), output.note
    elif output.was_cut():
        status = Status.NO_ANSWER
        problem = f"the answer was cut at max_tokens ({prompt.model.max_tokens}) before it named a class"
    else:
        status = Status.INVALID_CLASS
        problem = parsed.problem or f"the model answered {parsed.class_words!r:.200}, which is none of the categories"
    return Answer(
        text_id=record.recordId,
        class_=match.name,
        rationale=parsed.rationale,
        status=status,
        raw_class=parsed.class_words,
        confidence=output.confidence,
        error=problem,
        input_tokens=read,
        output_tokens=written,
    )


def _without_class(text_id: str, status: Status, error: str, read: int = 0, written: int = 0) -> Answer:
    nothing = Answer(*[None] * len(Answer._fields))  # type: ignore[arg-type]
    return nothing._replace(text_id=text_id, status=status, error=error, input_tokens=read, output_tokens=written)


def _in_record_batches(answers: Iterable[Answer]) -> Iterator[pa.RecordBatch]:
    some: list[Answer] = []
    for answer in answers:
        some.append(answer)
        if len(some) == ROWS_AT_ONCE:
            yield _record_batch(some)
            some = []
    if some:
        yield _record_batch(some)


def _record_batch(answers: list[Answer]) -> pa.RecordBatch:
    columns = zip(*answers, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, ANSWER_SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=ANSWER_SCHEMA)


@lru_cache(maxsize=16)
def _labels(names: tuple[str, ...]) -> Labels:
    return Labels(names)
