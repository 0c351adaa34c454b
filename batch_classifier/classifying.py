"""From requests and answers to classifications: every request exactly once, with the best answer there is to its text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.answers import ANSWER_SCHEMA, STATUSES_OF_ANSWERS, Answers
from batch_classifier.attempts import output_files
from batch_classifier.batches import read_text_ids, text_ids_key
from batch_classifier.prices import Price
from batch_classifier.prompts import Prompt
from batch_classifier.scratch import load, scratch_database
from batch_classifier.storage import Folder
from batch_classifier.tables import CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier.warehouse.interface import ROWS_AT_ONCE, Warehouse
from batch_classifier.warehouse.queries import known_answers

_ORIGIN = [("batch", pa.string()), ("answered_at", pa.timestamp("us", tz="UTC")), ("cost_usd", pa.float64())]
_HELD_SCHEMA = pa.schema([*ANSWER_SCHEMA, *_ORIGIN])
_REQUEST_COLUMNS = RAW_REQUESTS.schema.names
NO_ANSWER = "the job ended without an answer to this text"


@dataclass
class Classifications:
    """Makes the rows of `classifications` for one request file. Iterate it once; `statuses` is filled at the end.

    `jobs` are rows of `batch_job`.
    """

    prompt: Prompt
    request_file: str
    model_id: str
    warehouse: Warehouse
    internal: Folder
    jobs: Sequence[dict]
    price_of: Callable[[int], Price | None]
    unreadable_lines: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with scratch_database() as scratch:
            load(scratch, "answers", _HELD_SCHEMA, self._answers())
            self._load_known_answers(scratch)
            self._load_first_rows(scratch)
            self._choose_best(scratch)
            with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file) as requests:
                schema = pa.schema([field.remove_metadata() for field in RAW_REQUESTS.schema])
                reader = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in requests))
                scratch.register("requests", reader)
                for batch in scratch.sql(self._join()).to_arrow_reader(ROWS_AT_ONCE):
                    self._count(batch)
                    yield batch.cast(CLASSIFICATIONS.schema)

    def _answers(self) -> Iterator[pa.RecordBatch]:
        for job in self.jobs:
            price = self.price_of(job["records"]) if job["shared_with"] is None else None
            for key in output_files(self.internal, self.internal.key_of(job["output_uri"])):
                with self.internal.read(key) as file:
                    answers = Answers(file, self.prompt)
                    for batch in answers:
                        yield _with_origin(batch, job, price)
                    self.unreadable_lines += answers.unreadable
        for job in {job["batch"]: job for job in self.jobs}.values():
            message = f"{NO_ANSWER} ({job['status']}{': ' + job['message'] if job['message'] else ''})"
            for ids in read_text_ids(self.internal, text_ids_key(self.prompt, job["batch"])):
                yield _with_origin(_no_answers(ids, message), job, None)

    def _load_known_answers(self, scratch: duckdb.DuckDBPyConnection) -> None:
        sql = known_answers(self.warehouse, self.prompt, self.model_id, self.request_file)
        # What this run's jobs answered is in their files, which were read already.
        read = pa.array({job["batch"] for job in self.jobs}, pa.string())
        with self.warehouse.stream(self.prompt.name, sql) as known:
            others = (_as_held(batch.filter(pc.invert(pc.is_in(batch["batch"], read)))) for batch in known)
            load(scratch, "answers", _HELD_SCHEMA, others)

    def _load_first_rows(self, scratch: duckdb.DuckDBPyConnection) -> None:
        columns = ["row_number", "text_id"]
        schema = pa.schema([RAW_REQUESTS.schema.field(column) for column in columns])
        with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file, columns) as rows:
            load(scratch, "request_rows", schema, rows)
        scratch.execute(
            "create table first_rows as select text_id, min(row_number) as first_row from request_rows group by text_id"
        )

    @staticmethod
    def _choose_best(scratch: duckdb.DuckDBPyConnection) -> None:
        """One answer a text: the best status, the newest of several. Its cost is all that the text's answers cost.

        A text that was classified only after an unfit answer is repaired, and keeps the words of that answer.
        """
        rank = " ".join(f"when '{status}' then {place}" for place, status in enumerate(STATUSES_OF_ANSWERS))
        # What is ranked is held in memory, so it is without the long columns; those come by the row's own number.
        scratch.execute(
            f"""
            create table best as
            select answers.* exclude (cost_usd, status, raw_class), total_cost as cost_usd, first_row,
                case when status = 'classified' and was_unfit then 'repaired' else status end as status,
                case when status = 'classified' and was_unfit then unfit_class else raw_class end as raw_class
            from answers join (
                select answer, total_cost, was_unfit, unfit_class, first_row
                from (
                    select answers.rowid as answer, first_row,
                        sum(cost_usd) over (partition by text_id) as total_cost,
                        bool_or(status = 'invalid_class' or (status = 'no_answer' and input_tokens is not null))
                            over (partition by text_id) as was_unfit,
                        max(case when status = 'invalid_class' then raw_class end)
                            over (partition by text_id) as unfit_class,
                        row_number() over (
                            partition by text_id
                            order by status not in ('classified', 'repaired'), input_tokens is null,
                                case status {rank} end, answered_at desc
                        ) as place
                    from answers join first_rows using (text_id)
                ) as ranked
                where place = 1
            ) as chosen on answers.rowid = chosen.answer
            """
        )

    def _join(self) -> str:
        return f"""
            select r.request_file, r.row_number, r.record_id, r.text as input_text, a."class", a.rationale,
                case when r.text_id is null then 'rejected' else coalesce(a.status, 'no_answer') end as status,
                a.raw_class, a.confidence,
                case when r.text_id is null then 'the row ' || r.problem
                    when a.text_id is null then 'no job has answered this text yet' else a.error end as error,
                r.expected_class, r.attributes, r.text_id,
                case when r.text_id is not null then '{self.model_id}' end as model_id,
                case when r.text_id is not null then '{self.prompt.version}' end as prompt_version,
                a.answered_at, a.batch,
                case when r.row_number = a.first_row then coalesce(a.cost_usd, 0.0) else 0.0 end as cost_usd
            from requests r left join best a on r.text_id = a.text_id
        """

    def _count(self, batch: pa.RecordBatch) -> None:
        for entry in batch["status"].value_counts().to_pylist():
            self.statuses[entry["values"]] = self.statuses.get(entry["values"], 0) + entry["counts"]


def _with_origin(answers: pa.RecordBatch, job: dict, price: Price | None) -> pa.RecordBatch:
    size = answers.num_rows
    tokens = zip(answers["input_tokens"].to_pylist(), answers["output_tokens"].to_pylist(), strict=True)
    costs = [0.0 if price is None else price.cost(read or 0, written or 0) for read, written in tokens]
    origin = [
        pa.repeat(pa.scalar(job["batch"]), size),
        pa.repeat(pa.scalar(job["ended_at"], pa.timestamp("us", tz="UTC")), size),
        pa.array(costs, pa.float64()),
    ]
    return pa.record_batch([*answers.columns, *origin], schema=_HELD_SCHEMA)


def _no_answers(ids: pa.Array, message: str) -> pa.RecordBatch:
    size = len(ids)
    given = {
        "text_id": ids,
        "status": pa.repeat(pa.scalar("no_answer"), size),
        "error": pa.repeat(pa.scalar(message), size),
    }
    return pa.record_batch(
        [given.get(field.name, pa.nulls(size, field.type)) for field in ANSWER_SCHEMA], schema=ANSWER_SCHEMA
    )


def _as_held(known: pa.RecordBatch) -> pa.RecordBatch:
    size, names = known.num_rows, known.schema.names
    columns = [
        known[field.name].cast(field.type) if field.name in names else pa.nulls(size, field.type)
        for field in _HELD_SCHEMA
    ]
    return pa.record_batch(columns, schema=_HELD_SCHEMA)
