"""The tables of a prompt: their columns, types and what each column says. One source for Arrow, the warehouse and Dagster."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

PARTITION_COLUMN = "request_file"


@dataclass(frozen=True)
class Table:
    """A table of a prompt; each request file is one partition of it."""

    name: str
    description: str
    schema: pa.Schema

    def column_descriptions(self) -> dict[str, str]:
        """What each column says, by its name."""
        return {column.name: column.metadata[b"description"].decode() for column in self.schema}


@dataclass(frozen=True)
class TableRows:
    """The new rows of one partition, as a stream, and what there is to tell of them once it has been read to its end."""

    batches: Iterator[pa.RecordBatch]
    describe: Callable[[], Mapping[str, Any]] = field(default=dict)


def _column(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, metadata={"description": description})


_REQUEST_FILE = _column("request_file", pa.string(), "the file's path below its prompt's folder")
_TIME = pa.timestamp("us", tz="UTC")

RAW_REQUESTS = Table(
    "raw_requests",
    "The rows of the request file, read and normalised; a row that can't be used stays, marked with its problem.",
    pa.schema(
        [
            _REQUEST_FILE,
            _column("row_number", pa.int64(), "1 for the first row below the header; blank rows are not counted"),
            _column("record_id", pa.string(), "the file's own id, else the row's number"),
            _column("text", pa.string(), "the text to classify, as it stands in the file"),
            _column("text_id", pa.string(), "hash of the text's content; null for a row without one"),
            _column("expected_class", pa.string(), "the label, where the file has one"),
            _column("attributes", pa.string(), "the file's other columns, a JSON object"),
            _column("problem", pa.string(), "why the row can't be used; null where it can"),
            _column("text_bytes", pa.int64(), "length of the text in UTF-8; null for a row without a text_id"),
        ]
    ),
)

BEDROCK_JSONL = Table(
    "bedrock_jsonl",
    "The batches of JSONL that hold the texts not answered before, each within Bedrock's limits, with cost estimates.",
    pa.schema(
        [
            _REQUEST_FILE,
            _column("batch", pa.string(), "name of the batch, from its content"),
            _column("uri", pa.string(), "where the JSONL file is"),
            _column("records", pa.int64(), "texts in it"),
            _column("bytes", pa.int64(), "size of the file"),
            _column("sha256", pa.string(), "hash of the file"),
            _column("estimated_input_tokens", pa.int64(), "estimate: four bytes a token"),
            _column("estimated_output_tokens", pa.int64(), "estimate: a usual answer's length"),
            _column("estimated_cost_usd", pa.float64(), "at the batch price; 0 where another file pays for it"),
            _column("prompt_version", pa.string(), "version of the prompt that the texts are put with"),
            _column("model_id", pa.string(), "model that is asked"),
            _column("shared_with", pa.string(), "request file that had this batch made; null when it is this one"),
        ]
    ),
)

BATCH_JOB = Table(
    "batch_job",
    "The finished jobs of the request file's batches, one row an attempt. The answers are there.",
    pa.schema(
        [
            _REQUEST_FILE,
            _column("batch", pa.string(), "name of the batch"),
            _column("attempt", pa.int64(), "1 for the first job of a batch; later ones send what was left"),
            _column("job_name", pa.string(), "name of the job, from prompt, batch and attempt"),
            _column("job_arn", pa.string(), "the job's ARN"),
            _column("status", pa.string(), "state in which the job ended, in Bedrock's words"),
            _column("submitted_at", _TIME, "when it was submitted"),
            _column("ended_at", _TIME, "when it was over"),
            _column("records", pa.int64(), "texts sent"),
            _column("succeeded", pa.int64(), "texts answered"),
            _column("failed", pa.int64(), "texts without an answer"),
            _column("unanswered", pa.int64(), "texts of the batch that no attempt has answered; in its last row"),
            _column("input_tokens", pa.int64(), "tokens read by the model"),
            _column("output_tokens", pa.int64(), "tokens written by the model"),
            _column("cost_usd", pa.float64(), "what it cost; 0 where another file pays for it"),
            _column("output_uri", pa.string(), "folder of the answers"),
            _column("message", pa.string(), "the service's own words about the job's end"),
            _column("shared_with", pa.string(), "request file that pays for it; null when it is this one"),
        ]
    ),
)

CLASSIFICATIONS = Table(
    "classifications",
    "One row for every request: its class, the reason and how it ended.",
    pa.schema(
        [
            _REQUEST_FILE,
            _column("row_number", pa.int64(), "the row's number in the request file"),
            _column("record_id", pa.string(), "the file's own id, else the row's number"),
            _column("input_text", pa.string(), "the text, as it stands in the file"),
            _column("class", pa.string(), "one of the prompt's categories; null where there is none"),
            _column("rationale", pa.string(), "the reason, in the model's words"),
            _column(
                "status",
                pa.string(),
                "classified, repaired, invalid_class, no_answer, model_error or rejected (unusable row)",
            ),
            _column("raw_class", pa.string(), "the model's own words for the class"),
            _column("confidence", pa.float64(), "0 to 1, where the model tells it"),
            _column("error", pa.string(), "what went wrong; null where nothing did"),
            _column("expected_class", pa.string(), "the label, where the file has one"),
            _column("attributes", pa.string(), "the file's other columns, a JSON object"),
            _column("text_id", pa.string(), "hash of the text's content"),
            _column("model_id", pa.string(), "model that answered"),
            _column("prompt_version", pa.string(), "version of the prompt that was answered"),
            _column("answered_at", _TIME, "when the job that answered was over"),
            _column("batch", pa.string(), "batch in which the text was answered"),
            _column(
                "cost_usd", pa.float64(), "what this row's answer cost; 0 for repeats and for what was answered before"
            ),
        ]
    ),
)

CATEGORY_SUMMARY = Table(
    "category_summary",
    "Requests, share and cost by category.",
    pa.schema(
        [
            _REQUEST_FILE,
            _column("class", pa.string(), "category; null for requests that have none"),
            _column("requests", pa.int64(), "requests in it"),
            _column("share", pa.float64(), "share of the file's requests, 0 to 1"),
            _column("repaired", pa.int64(), "of these, settled by a repair"),
            _column("failed", pa.int64(), "of these, without a class"),
            _column("cost_usd", pa.float64(), "what their answers cost"),
        ]
    ),
)

TABLES = (RAW_REQUESTS, BEDROCK_JSONL, BATCH_JOB, CLASSIFICATIONS, CATEGORY_SUMMARY)
