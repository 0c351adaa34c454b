"""All answers there are to a request file's texts, with where each came from, before one of them is chosen."""

import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.answers.answer_files import ANSWER_SCHEMA
from batch_classifier.inference.prices import Price
from batch_classifier.warehouse.answer_sources import AnswerSource
from batch_classifier.warehouse.column import NUMBER, TEXT, WHOLE_NUMBER, Source
from batch_classifier.warehouse.tables import CLASSIFICATIONS


class AnswerOrigin(NamedTuple):
    """What is known of an answer by the job that gave it: a field for each column of `classifications` with `Source.JOB`."""

    model_id: str
    prompt_version: str
    answered_at: datetime.datetime | None
    batch: str


def _origin_schema() -> pa.Schema:
    """The fields of `AnswerOrigin` with the types of their columns; raises TypeError when a column has no field."""
    names = CLASSIFICATIONS.names_of(Source.JOB)
    if different := set(names) ^ set(AnswerOrigin._fields):
        raise TypeError(
            f"AnswerOrigin and the columns of {CLASSIFICATIONS.name} with Source.JOB are not the same: {sorted(different)}"
        )
    return pa.schema([(name, CLASSIFICATIONS.column(name).type) for name in AnswerOrigin._fields])


ORIGIN_SCHEMA = _origin_schema()
# What the answer itself has cost this request file; where it is from; and the tokens that it took, whoever paid for them.
_OF_THE_BILL = [
    ("cost_usd", NUMBER),
    ("source", TEXT),
    ("tokens_read", WHOLE_NUMBER),
    ("tokens_written", WHOLE_NUMBER),
]
HELD_SCHEMA = pa.schema([*ANSWER_SCHEMA, *ORIGIN_SCHEMA, *_OF_THE_BILL])
_NOT_REUSED = {"input_tokens", "output_tokens", "is_left_out"}


def from_job(
    answers: pa.RecordBatch, origin: AnswerOrigin, price: Price | None, source: AnswerSource
) -> pa.RecordBatch:
    """Answers that a job has given, in ANSWER_SCHEMA, as held ones. Without a price they cost nothing."""
    size = answers.num_rows
    taken = [pc.fill_null(answers[name], 0) for name in ("input_tokens", "output_tokens")]
    if price is None:
        costs = pa.repeat(pa.scalar(0.0, NUMBER), size)
    else:
        tokens = zip(*(column.to_pylist() for column in taken), strict=True)
        costs = pa.array([price.cost(read, written) for read, written in tokens], NUMBER)
    known = [
        pa.repeat(pa.scalar(value, column.type), size) for value, column in zip(origin, ORIGIN_SCHEMA, strict=True)
    ]
    sources = pa.repeat(pa.scalar(str(source), TEXT), size)
    return pa.record_batch([*answers.columns, *known, costs, sources, *taken], schema=HELD_SCHEMA)


def from_table(known: pa.RecordBatch) -> pa.RecordBatch:
    """Answers that stand in `classifications`, as the query of known answers gives them, as held ones.

    They took no tokens of this file's jobs. Raises KeyError when any other column is missing.
    """
    size = known.num_rows
    columns = [
        pa.nulls(size, column.type) if column.name in _NOT_REUSED else known[column.name].cast(column.type)
        for column in HELD_SCHEMA
    ]
    return pa.record_batch(columns, schema=HELD_SCHEMA)
