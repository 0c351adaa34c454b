"""From the `.jsonl.out` files of a job to answers: one for each text that has a line, with an honest status."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, NamedTuple

import msgspec
import pyarrow as pa

from batch_classifier.answers.answer_text import AnswerText, parse_json, parse_tags
from batch_classifier.answers.labels import Labels
from batch_classifier.answers.packed_answers import parts_of
from batch_classifier.inference.model_answers import RecordOut, decode_record
from batch_classifier.inference.questions import answer_limit
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.record_batches import ROWS_AT_ONCE
from batch_classifier.storage.record_texts import RecordTexts
from batch_classifier.warehouse.column import TEXT, WHOLE_NUMBER, Source
from batch_classifier.warehouse.statuses import Status
from batch_classifier.warehouse.tables import CLASSIFICATIONS


class Answer(NamedTuple):
    """What the model said of one text.

    A field for each column of `classifications` with `Source.ANSWER`, under its name (`class_` for `class`), and what only
    the way there needs: the text's id, the tokens, and whether an answer to several texts did not tell of it as it should.
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
    is_left_out: bool


def _answer_schema() -> pa.Schema:
    """The fields of `Answer` with the types of their columns; raises TypeError when a column has no field."""
    types = {"text_id": TEXT, "input_tokens": WHOLE_NUMBER, "output_tokens": WHOLE_NUMBER, "is_left_out": pa.bool_()}
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

    Iterate it once. `record_texts` are the batch's records of several texts, by their id. A line that cannot be read costs its own record and nothing else.
    """

    file: BinaryIO
    prompt: Prompt
    record_texts: Mapping[str, RecordTexts] = field(default_factory=dict)
    lines: int = 0
    unreadable: int = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        labels = _labels(self.prompt.class_names)
        yield from _in_record_batches(answer for record in self._records() for answer in self._answers(record, labels))

    def _answers(self, record: RecordOut, labels: Labels) -> Iterable[Answer]:
        texts = self.record_texts.get(record.recordId)
        if texts is None:
            return (_answer(record, self.prompt, labels),)
        return _answers_to_several(record, texts, self.prompt, labels)

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
    """What one record of a job's output says, where it asks about one text."""
    output = record.modelOutput
    if record.error is not None or output is None:
        return _without_class(record.recordId, Status.MODEL_ERROR, _error_of(record))
    tokens = output.tokens()
    text = output.text()
    if not text.strip():
        return _without_class(record.recordId, Status.NO_ANSWER, "the model's answer is empty", tokens)
    parsed = parse_json(text) if prompt.answer == "json" else parse_tags(text)
    note = (output.notes or {}).get(record.recordId)
    return _settled(record.recordId, parsed, output.confidence, note, output.was_cut(), tokens, prompt, labels)


def _answers_to_several(record: RecordOut, texts: RecordTexts, prompt: Prompt, labels: Labels) -> Iterator[Answer]:
    """What one record says of each of its texts; its tokens are shared among them, so that their sum is the record's."""
    output = record.modelOutput
    if record.error is not None or output is None:
        error = _error_of(record)
        yield from (_without_class(text_id, Status.MODEL_ERROR, error) for text_id in texts.text_ids)
        return
    text_ids, was_cut = texts.ids_within(), output.was_cut()
    shares = zip(*(_shares(tokens, len(text_ids)) for tokens in output.tokens()), strict=True)
    parts = parts_of(output.text(), prompt.answer == "json", text_ids, was_cut)
    confidences, notes = output.confidences or {}, output.notes or {}
    for (id_within, part), tokens in zip(parts.items(), shares, strict=True):
        text_id = text_ids[id_within]
        if part.answer is None:
            left_out = _without_class(text_id, Status.NO_ANSWER, part.problem or "", tokens)
            yield left_out._replace(is_left_out=True)
        else:
            # A cut answer that still tells of this text told of it in full.
            told = confidences.get(id_within), notes.get(id_within)
            yield _settled(text_id, part.answer, *told, False, tokens, prompt, labels)


def _shares(tokens: int, texts: int) -> list[int]:
    """So many tokens in even whole shares, the first ones the larger ones."""
    each, more = divmod(tokens, texts)
    return [each + (place < more) for place in range(texts)]


def _settled(
    text_id: str,
    parsed: AnswerText,
    confidence: float | None,
    note: str | None,
    was_cut: bool,
    tokens: tuple[int, int],
    prompt: Prompt,
    labels: Labels,
) -> Answer:
    match = labels.match(parsed.class_words or "")
    if match.name is not None:
        status, problem = (Status.CLASSIFIED if match.how == "exact" else Status.REPAIRED), note
    elif was_cut:
        status = Status.NO_ANSWER
        problem = f"the answer was cut at max_tokens ({answer_limit(prompt)}) before it named a class"
    else:
        status = Status.INVALID_CLASS
        problem = parsed.problem or f"the model answered {parsed.class_words!r:.200}, which is none of the categories"
    return Answer(
        text_id=text_id,
        class_=match.name,
        rationale=parsed.rationale,
        status=status,
        raw_class=parsed.class_words,
        confidence=confidence,
        error=problem,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        is_left_out=False,
    )


def _error_of(record: RecordOut) -> str:
    return record.error.sentence() if record.error else "the service returned neither an answer nor an error"


def _without_class(text_id: str, status: Status, error: str, tokens: tuple[int, int] = (0, 0)) -> Answer:
    nothing = Answer(*[None] * len(Answer._fields))  # type: ignore[arg-type]
    return nothing._replace(
        text_id=text_id,
        status=status,
        error=error,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        is_left_out=False,
    )


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
