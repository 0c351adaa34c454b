"""From requests and answers to classifications: every request exactly once, with the best answer there is to its text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.answers.answer_files import ANSWER_SCHEMA, STATUSES_OF_ANSWERS, Answers
from batch_classifier.inference.prices import Price
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import output_files, text_ids_key
from batch_classifier.storage.text_ids import read_text_ids
from batch_classifier.warehouse.interface import ROWS_AT_ONCE, Warehouse, literal
from batch_classifier.warehouse.queries import known_answers
from batch_classifier.warehouse.scratch import load, scratch_database
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS

_ORIGIN = [("batch", pa.string()), ("answered_at", pa.timestamp("us", tz="UTC")), ("cost_usd", pa.float64())]
_HELD_SCHEMA = pa.schema([*ANSWER_SCHEMA, *_ORIGIN])
_IDS = pa.schema([("text_id", pa.string())])
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
            self._add_missing_answers(scratch)
            self._load_known_answers(scratch)
            self._load_request_rows(scratch)
            self._choose_answers(scratch)
            with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file) as requests:
                endings = scratch.sql(self._endings()).to_arrow_reader(ROWS_AT_ONCE)
                for some_requests, some_endings in in_step(requests, endings):
                    batch = _classifications(some_requests, some_endings)
                    self._count(batch)
                    yield batch

    def _answers(self) -> Iterator[pa.RecordBatch]:
        for job in self.jobs:
            price = self.price_of(job["records"]) if job["shared_with"] is None else None
            for key in output_files(self.internal, self.internal.key_of(job["output_uri"])):
                with self.internal.read(key) as file:
                    answers = Answers(file, self.prompt)
                    for batch in answers:
                        yield _with_origin(batch, job, price)
                    self.unreadable_lines += answers.unreadable

    def _add_missing_answers(self, scratch: duckdb.DuckDBPyConnection) -> None:
        """What is told of the texts that a batch asked about and that none of its jobs has answered."""
        for job in {job["batch"]: job for job in self.jobs}.values():
            message = f"{NO_ANSWER} ({job['status']}{': ' + job['message'] if job['message'] else ''})"
            scratch.execute("drop table if exists asked")
            ids = read_text_ids(self.internal, text_ids_key(self.prompt, job["batch"]))
            load(scratch, "asked", _IDS, (pa.record_batch([piece], schema=_IDS) for piece in ids))
            scratch.execute(
                "insert into answers by name select text_id, 'no_answer' as status, $message as error, $batch as batch, "
                "$ended_at as answered_at, 0.0 as cost_usd from asked "
                "where text_id not in (select text_id from answers where batch = $batch and text_id is not null)",
                {"message": message, "batch": job["batch"], "ended_at": job["ended_at"]},
            )

    def _load_known_answers(self, scratch: duckdb.DuckDBPyConnection) -> None:
        sql = known_answers(self.warehouse, self.prompt, self.model_id, self.request_file)
        # What this run's jobs answered is in their files, which were read already.
        read = pa.array({job["batch"] for job in self.jobs}, pa.string())
        with self.warehouse.stream(self.prompt.name, sql) as known:
            others = (_as_held(batch.filter(pc.invert(pc.is_in(batch["batch"], read)))) for batch in known)
            load(scratch, "answers", _HELD_SCHEMA, others)

    def _load_request_rows(self, scratch: duckdb.DuckDBPyConnection) -> None:
        columns = ["row_number", "text_id", "problem"]
        schema = pa.schema([RAW_REQUESTS.schema.field(column) for column in columns])
        with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file, columns) as rows:
            load(scratch, "request_rows", schema, rows)

    @staticmethod
    def _choose_answers(scratch: duckdb.DuckDBPyConnection) -> None:
        """One answer for each request: the best status, the newest of several. Its cost is all that the text's answers cost.

        The answers' long columns stay where they are: what is ranked and joined is held in memory.
        """
        rank = " ".join(f"when '{status}' then {place}" for place, status in enumerate(STATUSES_OF_ANSWERS))
        scratch.execute(
            f"""
            create table chosen as
            select row_number, text_id, problem, answer, was_unfit, unfit_class,
                case when row_number = first_row then cost_usd else 0.0 end as cost_usd
            from request_rows left join (
                select * from (
                    select text_id, answers.rowid as answer, first_row,
                        sum(cost_usd) over (partition by text_id) as cost_usd,
                        bool_or(status = 'invalid_class' or (status = 'no_answer' and input_tokens is not null))
                            over (partition by text_id) as was_unfit,
                        max(case when status = 'invalid_class' then raw_class end)
                            over (partition by text_id) as unfit_class,
                        row_number() over (
                            partition by text_id
                            order by status not in ('classified', 'repaired'), input_tokens is null,
                                case status {rank} end, answered_at desc
                        ) as place
                    from answers join (
                        select text_id, min(row_number) as first_row from request_rows group by text_id
                    ) as first_rows using (text_id)
                ) as ranked
                where place = 1
            ) as best using (text_id)
            """
        )

    def _endings(self) -> str:
        """How each request ended, in the order of the file: the columns of `classifications` that the request has not.

        A text that was classified only after an unfit answer is repaired, and keeps the words of that answer.
        """
        was_repaired = "answers.status = 'classified' and was_unfit"
        return f"""
            select row_number, "class", rationale,
                case when {was_repaired} then 'repaired' else answers.status end as status,
                case when {was_repaired} then unfit_class else raw_class end as raw_class,
                confidence, error, {literal(self.model_id)} as model_id, {literal(self.prompt.version)} as prompt_version,
                answered_at, batch, chosen.cost_usd
            from answers join chosen on answers.rowid = chosen.answer
            union all by name
            select row_number, case when text_id is null then 'rejected' else 'no_answer' end as status,
                case when text_id is null then 'the row ' || problem else 'no job has answered this text yet' end as error,
                case when text_id is not null then {literal(self.model_id)} end as model_id,
                case when text_id is not null then {literal(self.prompt.version)} end as prompt_version,
                0.0 as cost_usd
            from chosen where answer is null
            order by row_number
        """

    def _count(self, batch: pa.RecordBatch) -> None:
        for entry in batch["status"].value_counts().to_pylist():
            self.statuses[entry["values"]] = self.statuses.get(entry["values"], 0) + entry["counts"]


def in_step(
    ones: Iterable[pa.RecordBatch], others: Iterable[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Pairs of pieces of the same length, of two streams with the same number of rows."""
    waiting = iter(others)
    other: pa.RecordBatch | None = None
    for one in ones:
        while one.num_rows:
            if other is None or not other.num_rows:
                other = next(waiting)
            length = min(one.num_rows, other.num_rows)
            yield one.slice(0, length), other.slice(0, length)
            one, other = one.slice(length), other.slice(length)


def _classifications(requests: pa.RecordBatch, endings: pa.RecordBatch) -> pa.RecordBatch:
    assert requests["row_number"].equals(endings["row_number"]), "requests and endings are not in the same order"
    columns = {name: requests[name] for name in requests.schema.names}
    columns |= {name: endings[name] for name in endings.schema.names}
    columns["input_text"] = columns["text"]
    return pa.record_batch(
        [columns[field.name].cast(field.type) for field in CLASSIFICATIONS.schema], CLASSIFICATIONS.schema
    )


def _with_origin(answers: pa.RecordBatch, job: dict, price: Price | None) -> pa.RecordBatch:
    size = answers.num_rows
    tokens = zip(answers["input_tokens"].to_pylist(), answers["output_tokens"].to_pylist(), strict=True)
    costs = [0.0 if price is None else price.cost(read or 0, written or 0) for read, written in tokens]
    origin = [
        pa.repeat(pa.scalar(job["batch"], pa.string()), size),
        pa.repeat(pa.scalar(job["ended_at"], pa.timestamp("us", tz="UTC")), size),
        pa.array(costs, pa.float64()),
    ]
    return pa.record_batch([*answers.columns, *origin], schema=_HELD_SCHEMA)


def _as_held(known: pa.RecordBatch) -> pa.RecordBatch:
    size, names = known.num_rows, known.schema.names
    columns = [
        known[field.name].cast(field.type) if field.name in names else pa.nulls(size, field.type)
        for field in _HELD_SCHEMA
    ]
    return pa.record_batch(columns, schema=_HELD_SCHEMA)
