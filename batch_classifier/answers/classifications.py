"""From requests and answers to classifications: every request exactly once, with the best answer there is to its text."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.answers.attempt_answers import AttemptAnswers
from batch_classifier.answers.endings import REQUEST_ROWS_SCHEMA, choose_answers, endings
from batch_classifier.answers.finished_jobs import FinishedJob
from batch_classifier.answers.held_answers import HELD_SCHEMA, ORIGIN_SCHEMA, AnswerOrigin, from_job, from_table
from batch_classifier.answers.second_opinion import SecondOpinion
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.prices import Price
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import text_ids_key
from batch_classifier.storage.text_ids import read_text_ids
from batch_classifier.warehouse.answer_sources import AnswerSource
from batch_classifier.warehouse.column import Source
from batch_classifier.warehouse.duckdb_stream import record_batches
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import known_answers
from batch_classifier.warehouse.record_scope import RecordScope, ScopeOfIds
from batch_classifier.warehouse.scratch import load, scratch_database
from batch_classifier.warehouse.spooled_rows import SpooledRows
from batch_classifier.warehouse.statuses import HOLDING, Status
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS

_IDS = pa.schema([("text_id", pa.string())])
NO_ANSWER = "the job ended without an answer to this text"


@dataclass
class Classifications:
    """Makes the rows of `classifications` for one request file. Iterate it once.

    `price_of` gives the price of a job with so many records, for jobs that do not tell theirs. `on_progress` is told how many rows are made.

    Attributes:
        statuses: how many requests ended how, so far.
        notes: what has to be said of how requests got their class, and of how many, so far.
        unreadable_lines: lines of the files of answers that said nothing.
        second_opinion: by which answers without a confidence got their doubt.

    Raises ClassifierError when answers cannot be read, or the requests are not in the order of their numbers.
    """

    prompt: Prompt
    request_file: str
    model_id: str
    warehouse: Warehouse
    internal: Folder
    jobs: Sequence[FinishedJob]
    price_of: Callable[[int], Price | None]
    on_progress: Callable[[int], None] = lambda _done: None
    unreadable_lines: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    second_opinion: SecondOpinion | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with scratch_database() as scratch, self.internal.spool() as path:
            load(scratch, "answers", HELD_SCHEMA, self._answers())
            self._add_missing_answers(scratch)
            self._load_known_answers(scratch)
            requests = SpooledRows(path)
            ids = ScopeOfIds()
            with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file) as rows:
                passing = requests.keep(_passed_by(rows, ids))
                names = REQUEST_ROWS_SCHEMA.names
                load(scratch, "request_rows", REQUEST_ROWS_SCHEMA, (batch.select(names) for batch in passing))
            choose_answers(scratch)
            self.second_opinion = SecondOpinion(scratch, self.prompt.class_names)
            self.second_opinion.form(requests)
            # With its type: to guess one, Arrow imports pandas.
            holding = pa.array([str(status) for status in HOLDING], pa.string())
            ended = record_batches(scratch, endings(self.model_id, self.prompt.version), is_ordered=True)
            for some_requests, some_endings in in_step(requests, ended):
                batch = self._classifications(with_scope(some_requests, ids.scope), some_endings)
                self.statuses.update(
                    {entry["values"]: entry["counts"] for entry in batch["status"].value_counts().to_pylist()}
                )
                holds = pc.is_in(batch["status"], holding)
                noted = batch["error"].filter(holds).drop_null()
                self.notes.update({entry["values"]: entry["counts"] for entry in noted.value_counts().to_pylist()})
                yield batch
                self.on_progress(self.statuses.total())

    def _answers(self) -> Iterator[pa.RecordBatch]:
        for job in self.jobs:
            price = job.price or self.price_of(job.records_sent) if job.shared_with is None else None
            source = _source(job)
            answers = AttemptAnswers(self.internal, self.internal.key_of(job.output_uri), self.prompt)
            for batch in answers:
                yield from_job(batch, self._origin(job), price, source)
            self.unreadable_lines += answers.unreadable

    def _origin(self, job: FinishedJob) -> AnswerOrigin:
        return AnswerOrigin(
            model_id=job.job_name if job.is_local else self.model_id,
            prompt_version=self.prompt.version,
            answered_at=job.ended_at,
            batch=job.batch,
        )

    def _add_missing_answers(self, scratch: duckdb.DuckDBPyConnection) -> None:
        """What is told of the texts that a batch asked about and that none of its jobs has answered."""
        known = ", ".join(f"${name} as {name}" for name in ORIGIN_SCHEMA.names)
        for job in {job.batch: job for job in self.jobs}.values():
            message = f"{NO_ANSWER} ({job.status}{': ' + job.message if job.message else ''})"
            scratch.execute("drop table if exists asked")
            ids = read_text_ids(self.internal, text_ids_key(self.prompt, job.batch))
            load(scratch, "asked", _IDS, (pa.record_batch([piece], schema=_IDS) for piece in ids))
            scratch.execute(
                f"insert into answers by name select text_id, '{Status.NO_ANSWER}' as status, $message as error, {known}, "
                f"0.0 as cost_usd, '{_source(job)}' as source, 0 as tokens_read, 0 as tokens_written from asked "
                "where text_id not in (select text_id from answers where batch = $batch and text_id is not null)",
                {"message": message, **self._origin(job)._asdict()},
            )

    def _load_known_answers(self, scratch: duckdb.DuckDBPyConnection) -> None:
        sql = known_answers(self.warehouse, self.prompt, self.model_id, self.request_file)
        # What this run's jobs answered is in their files, which were read already.
        read = pa.array({job.batch for job in self.jobs}, pa.string())
        with self.warehouse.stream(self.prompt.name, sql) as known:
            others = (from_table(batch.filter(pc.invert(pc.is_in(batch["batch"], read)))) for batch in known)
            load(scratch, "answers", HELD_SCHEMA, others)

    def _classifications(self, requests: pa.RecordBatch, ended: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of requests and of their endings, side by side."""
        if not requests["row_number"].equals(ended["row_number"]):
            raise ClassifierError(
                f"The rows of raw_requests for {self.request_file} are not in the order of their numbers; "
                "materialize raw_requests again, then classifications."
            )
        columns = [
            requests[column.request_column or column.name] if column.source is Source.REQUEST else ended[column.name]
            for column in CLASSIFICATIONS.columns
        ]
        return pa.record_batch(
            [array.cast(field.type) for array, field in zip(columns, CLASSIFICATIONS.schema, strict=True)],
            CLASSIFICATIONS.schema,
        )


def _source(job: FinishedJob) -> AnswerSource:
    if job.is_local:
        return AnswerSource.LOCAL_MODEL
    return AnswerSource.MODEL if job.shared_with is None else AnswerSource.EARLIER_ANSWER


def _passed_by(rows: Iterable[pa.RecordBatch], ids: ScopeOfIds) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        ids.look_at(batch)
        yield batch


def with_scope(requests: pa.RecordBatch, scope: RecordScope) -> pa.RecordBatch:
    """The requests with this scope where the prompt leaves it open."""
    place = requests.schema.get_field_index("record_scope")
    return requests.set_column(place, "record_scope", pc.fill_null(requests["record_scope"], str(scope)))


def in_step(
    ones: Iterable[pa.RecordBatch], others: Iterable[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Pairs of pieces of the same length, of two streams; raises ClassifierError when one has more rows than the other."""
    waiting = (other for other in others if other.num_rows)
    other: pa.RecordBatch | None = None
    for one in ones:
        while one.num_rows:
            if other is None and (other := next(waiting, None)) is None:
                raise ClassifierError("There are requests without a classification; start the run again.")
            length = min(one.num_rows, other.num_rows)
            yield one.slice(0, length), other.slice(0, length)
            one, other = one.slice(length), other.slice(length) if other.num_rows > length else None
    if other is not None or next(waiting, None) is not None:
        raise ClassifierError("There are classifications without a request; start the run again.")
