"""The tables of a prompt. One definition of each column, from which Arrow, the warehouses, Dagster and the result files follow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from batch_classifier.warehouse.answer_sources import AnswerSource
from batch_classifier.warehouse.column import DAY, NUMBER, TEXT, TIME, WHOLE_NUMBER, Column, InResults, Source
from batch_classifier.warehouse.statuses import Status

PARTITION_COLUMN = "request_file"


@dataclass(frozen=True)
class Table:
    """A table of a prompt; each value of `partition_column` is one partition of it, by default each request file."""

    name: str
    description: str
    columns: tuple[Column, ...]
    partition_column: str = PARTITION_COLUMN

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns in Arrow's terms, in order."""
        return pa.schema([column.arrow_field for column in self.columns])

    def column(self, name: str) -> Column:
        """The column of that name; raises KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]

    def names_of(self, *sources: Source) -> list[str]:
        """The names of the columns whose values come from one of these sources, in order."""
        return [column.name for column in self.columns if column.source in sources]


@dataclass(frozen=True)
class TableRows:
    """The new rows of one partition, as a stream, and what there is to tell of them once it has been read to its end."""

    batches: Iterator[pa.RecordBatch]
    describe: Callable[[], Mapping[str, Any]] = field(default=dict)


_REQUEST_FILE = Column("request_file", TEXT, "the file's path below its prompt's folder")
_SOURCES = (
    f"where the answer is from: {AnswerSource.MODEL} (asked for this file), {AnswerSource.LOCAL_MODEL} (in the model's place), "
    f"{AnswerSource.EARLIER_ANSWER} (asked for another file), "
    f"{AnswerSource.DUPLICATE} (of a row further up); null where nobody was asked, and in rows from before there was this column"
)
_STATUSES = f"{', '.join(list(Status)[:-1])} or {Status.REJECTED} (unusable row)"

_ORIGINAL_TEXT = Column(
    "original_text",
    TEXT,
    "the text as it stands in the file, where something in it was masked and the prompt keeps it",
    is_long_text=True,
    is_shown=False,
)
_RECORD_SCOPE = Column(
    "record_scope",
    TEXT,
    "within what the record_id stands for one record: per_row (the row has no id of its own), per_file or global",
    is_shown=False,
)
_TEXT_DATE = Column("text_date", DAY, "the day that the text is from, where the prompt's `input.date` names its column")
_DATE_PROBLEM = Column("date_problem", TEXT, "why there is no such day though there should be one", is_shown=False)
_LINES = Column("lines", WHOLE_NUMBER, "lines of the JSONL file, which hold several texts with `texts_per_record`")

_WAY = Column("way", TEXT, "how it was asked, and so at which price: batch or on_demand")
_INPUT_PRICE = Column("input_price", NUMBER, "USD per million tokens read; null where none is known")
_OUTPUT_PRICE = Column("output_price", NUMBER, "USD per million tokens written, likewise")

RAW_REQUESTS = Table(
    "raw_requests",
    "The rows of the request file, read and normalised; a row that can't be used stays, marked with its problem.",
    (
        _REQUEST_FILE,
        Column("row_number", WHOLE_NUMBER, "1 for the first row below the header; blank rows are not counted"),
        Column("record_id", TEXT, "the file's own id, else the row's number"),
        Column(
            "text",
            TEXT,
            "the text to classify, as it stands in the file, or masked where the prompt says so",
            is_long_text=True,
            is_shown_short=True,
        ),
        Column("text_id", TEXT, "hash of the text's content; null for a row without one"),
        Column("expected_class", TEXT, "the label, where the file has one"),
        Column("attributes", TEXT, "the file's other columns, a JSON object", is_long_text=True, is_shown_short=True),
        Column("problem", TEXT, "why the row can't be used; null where it can"),
        Column("text_bytes", WHOLE_NUMBER, "length of the text in UTF-8; null for a row without a text_id"),
        Column("redaction", TEXT, "version of the masking that the text went through; null where there was none"),
        _ORIGINAL_TEXT,
        replace(_RECORD_SCOPE, description=f"{_RECORD_SCOPE.description}; null where the file's ids decide it"),
        _TEXT_DATE,
        _DATE_PROBLEM,
    ),
)

BEDROCK_JSONL = Table(
    "bedrock_jsonl",
    "The batches of JSONL that hold the texts not answered before, each within Bedrock's limits, with cost estimates.",
    (
        _REQUEST_FILE,
        Column("batch", TEXT, "name of the batch, from its content"),
        Column("uri", TEXT, "where the JSONL file is"),
        Column("records", WHOLE_NUMBER, "texts in it"),
        Column("bytes", WHOLE_NUMBER, "size of the file"),
        Column("sha256", TEXT, "hash of the file"),
        Column("estimated_input_tokens", WHOLE_NUMBER, "estimate, from what earlier jobs of the model read"),
        Column("estimated_output_tokens", WHOLE_NUMBER, "estimate, from what earlier jobs of the model wrote"),
        Column("estimated_cost_usd", NUMBER, "at the batch price; 0 where another file pays for it"),
        Column("prompt_version", TEXT, "version of the prompt that the texts are put with"),
        Column("model_id", TEXT, "model that is asked"),
        Column("shared_with", TEXT, "request file that had this batch made; null when it is this one"),
        Column(
            "content_bytes", WHOLE_NUMBER, "bytes of the file that the model reads: instructions, questions and texts"
        ),
        _LINES,
    ),
)

BATCH_JOB = Table(
    "batch_job",
    "The finished jobs of the request file's batches, one row an attempt. The answers are there.",
    (
        _REQUEST_FILE,
        Column("batch", TEXT, "name of the batch"),
        Column("attempt", WHOLE_NUMBER, "1 for the first job of a batch; later ones send what was left"),
        Column("job_name", TEXT, "name of the job, from prompt, batch and attempt"),
        Column("job_arn", TEXT, "the job's ARN"),
        Column("status", TEXT, "state in which the job ended, in Bedrock's words"),
        Column("submitted_at", TIME, "when it was submitted"),
        Column("ended_at", TIME, "when it was over"),
        Column("records", WHOLE_NUMBER, "texts sent"),
        Column("succeeded", WHOLE_NUMBER, "texts answered"),
        Column("failed", WHOLE_NUMBER, "texts without an answer"),
        Column("unanswered", WHOLE_NUMBER, "texts of the batch that no attempt has answered; in its last row"),
        Column("input_tokens", WHOLE_NUMBER, "tokens read by the model"),
        Column("output_tokens", WHOLE_NUMBER, "tokens written by the model"),
        Column("cost_usd", NUMBER, "what it cost; 0 where another file pays for it"),
        Column("output_uri", TEXT, "folder of the answers"),
        Column("message", TEXT, "the service's own words about the job's end"),
        Column("shared_with", TEXT, "request file that pays for it; null when it is this one"),
        _WAY,
        _INPUT_PRICE,
        _OUTPUT_PRICE,
        _LINES,
    ),
)

BILL = Table(
    "bill",
    "What each job cost that was charged for, one row an attempt; unlike batch_job it keeps its rows when a file runs again.",
    (
        Column("batch", TEXT, "name of the batch"),
        Column("attempt", WHOLE_NUMBER, "1 for the first job of a batch; later ones are retries and second questions"),
        Column("request_file", TEXT, "the file that had the batch made, and pays for it"),
        Column("job_name", TEXT, "name of the job"),
        _WAY,
        Column("model_id", TEXT, "model that was asked"),
        Column("prompt_version", TEXT, "version of the prompt that the texts were put with"),
        Column("submitted_at", TIME, "when it was submitted"),
        Column("month", TEXT, "the month of that in UTC, as in 2026-11: the month that pays"),
        Column("ended_at", TIME, "when it was over"),
        Column("texts", WHOLE_NUMBER, "texts sent"),
        Column("answered", WHOLE_NUMBER, "texts answered"),
        Column("input_tokens", WHOLE_NUMBER, "tokens read, as the service reported them"),
        Column("output_tokens", WHOLE_NUMBER, "tokens written, likewise"),
        _INPUT_PRICE,
        _OUTPUT_PRICE,
        Column("cost_usd", NUMBER, "the tokens at these prices; null where none is known"),
        Column("on_demand_cost_usd", NUMBER, "the same tokens at the price on demand"),
        Column("unpacked_cost_usd", NUMBER, "what it would have cost with one text a record"),
        Column("estimated_input_tokens", WHOLE_NUMBER, "the estimate for the batch; in the row of its first attempt"),
        Column("estimated_output_tokens", WHOLE_NUMBER, "likewise"),
        Column("estimated_cost_usd", NUMBER, "likewise"),
        Column(
            "content_bytes",
            WHOLE_NUMBER,
            "bytes that the model read in the first attempt: later estimates learn from it",
        ),
        Column("answer_form", TEXT, "what an answer consists of"),
        Column("asked_for", TEXT, "request_file or evaluation; null in rows from before evaluations were billed"),
    ),
    partition_column="batch",
)

CLASSIFICATIONS = Table(
    "classifications",
    "One row for every request: its class, the reason and how it ended.",
    (
        replace(_REQUEST_FILE, source=Source.REQUEST),
        Column("row_number", WHOLE_NUMBER, "the row's number in the request file", Source.REQUEST),
        Column(
            "record_id",
            TEXT,
            "the file's own id, else the row's number",
            Source.REQUEST,
            in_results=InResults("id"),
        ),
        Column(
            "input_text",
            TEXT,
            "the text, as it stands in the file, or masked where the prompt says so",
            Source.REQUEST,
            request_column="text",
            in_results=InResults("input_text"),
            is_long_text=True,
            is_shown_short=True,
        ),
        Column(
            "class",
            TEXT,
            "one of the prompt's categories; null where there is none",
            Source.ANSWER,
            in_results=InResults("class"),
        ),
        Column(
            "rationale",
            TEXT,
            "the reason, in the model's words",
            Source.ANSWER,
            in_results=InResults("rationale"),
            is_long_text=True,
        ),
        Column("status", TEXT, _STATUSES, Source.ANSWER, in_results=InResults("status")),
        Column("raw_class", TEXT, "the model's own words for the class", Source.ANSWER),
        Column(
            "confidence",
            NUMBER,
            "0 to 1, where the model tells it",
            Source.ANSWER,
            in_results=InResults("confidence", behind_own_columns=True),
        ),
        Column(
            "error",
            TEXT,
            "what went wrong, or what has to be said of how a class was found; null where nothing has",
            Source.ANSWER,
            in_results=InResults("note", behind_own_columns=True),
        ),
        Column(
            "expected_class",
            TEXT,
            "the label, where the file has one",
            Source.REQUEST,
            in_results=InResults("expected_class", only_where_filled=True),
        ),
        Column(
            "attributes",
            TEXT,
            "the file's other columns, a JSON object",
            Source.REQUEST,
            is_long_text=True,
            is_shown_short=True,
        ),
        Column("text_id", TEXT, "hash of the text's content", Source.REQUEST),
        Column("model_id", TEXT, "model that answered", Source.JOB),
        Column("prompt_version", TEXT, "version of the prompt that was answered", Source.JOB),
        Column("answered_at", TIME, "when the job that answered was over", Source.JOB),
        Column("batch", TEXT, "batch in which the text was answered", Source.JOB),
        Column(
            "cost_usd",
            NUMBER,
            "what this row's answer cost; 0 for repeats and for what was answered before",
            Source.ROW,
        ),
        Column("source", TEXT, _SOURCES, Source.ROW),
        Column(
            "input_tokens",
            WHOLE_NUMBER,
            "tokens that the model read for the answer, second questions included; paid for where the source is model",
            Source.ROW,
        ),
        Column("output_tokens", WHOLE_NUMBER, "tokens that it wrote, likewise", Source.ROW),
        Column(
            "doubt",
            NUMBER,
            "0 to 1: the model's own where it tells its confidence, else by a model that is trained on its other answers",
            Source.ROW,
            in_results=InResults("doubt", behind_own_columns=True, only_where_filled=True),
        ),
        replace(
            _ORIGINAL_TEXT,
            source=Source.REQUEST,
            in_results=InResults("original_text", behind_own_columns=True, only_where_filled=True),
        ),
        replace(_RECORD_SCOPE, source=Source.REQUEST),
        replace(_TEXT_DATE, source=Source.REQUEST),
        replace(_DATE_PROBLEM, source=Source.REQUEST),
    ),
)

CATEGORY_SUMMARY = Table(
    "category_summary",
    "Requests, share and cost by category.",
    (
        _REQUEST_FILE,
        Column(
            "class", TEXT, "category, the corrected one where there is a correction; null for requests that have none"
        ),
        Column("requests", WHOLE_NUMBER, "requests in it"),
        Column("share", NUMBER, "share of the file's requests, 0 to 1"),
        Column("repaired", WHOLE_NUMBER, "of these, settled by a repair"),
        Column("failed", WHOLE_NUMBER, "of these, without a class"),
        Column("cost_usd", NUMBER, "what their answers cost"),
        Column("corrected", WHOLE_NUMBER, "of these, put here by a correction"),
    ),
)

CORRECTIONS = Table(
    "corrections",
    "What people say a text's class is, a row each time; of the rows of one text the last holds, wherever the text stands.",
    (
        Column(
            "correction_set", TEXT, "what the row came with, an import or a withdrawal; sets are in the order of time"
        ),
        Column("number", WHOLE_NUMBER, "the row's place in its set"),
        Column("text_id", TEXT, "hash of the text's content"),
        Column("input_text", TEXT, "the text, as it was sent", is_long_text=True, is_shown_short=True),
        Column("record_id", TEXT, "id of the record by which the text was found"),
        Column("request_file", TEXT, "the file that this record stands in"),
        Column("old_class", TEXT, "the class that held before: an earlier correction's, else the model's"),
        Column("new_class", TEXT, "the class that holds from then on; null where the correction was withdrawn"),
        Column("who", TEXT, "who said so"),
        Column("corrected_at", TIME, "when"),
        Column("why", TEXT, "the reason, in that person's words"),
        Column("source", TEXT, "name of the imported file"),
        Column("redaction", TEXT, "version of the masking that the text went through; null where there was none"),
    ),
    partition_column="correction_set",
)

TABLES = (RAW_REQUESTS, BEDROCK_JSONL, BATCH_JOB, CLASSIFICATIONS, CATEGORY_SUMMARY, CORRECTIONS, BILL)
