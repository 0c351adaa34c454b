"""Which batches a request file needs: its distinct texts, less what was answered before, less what is already on its way."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from batch_classifier.batches.texts_of_batch import TEXTS, texts_of_batch
from batch_classifier.batches.writing import Batch, texts_per_batch, write_batches
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.job_name import job_name
from batch_classifier.inference.model_requests import RecordForm
from batch_classifier.inference.prices import BYTES_A_TOKEN, answer_tokens
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_key, batch_of, is_text_ids, text_ids_key
from batch_classifier.storage.text_ids import TEXT_ID_LENGTH, read_text_ids
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import answered_texts, failed_texts, made_batches, represented_batches
from batch_classifier.warehouse.scratch import load, one_number, scratch_database
from batch_classifier.warehouse.tables import BEDROCK_JSONL, RAW_REQUESTS

# Who had a batch made that no table lists any more: a request file that was replaced since.
EARLIER_CONTENT = "a file that was replaced"
_IDS = pa.schema([("text_id", pa.string())])


@dataclass
class BatchPlan:
    """Makes the rows of `bedrock_jsonl` for one request file, writing the batches on the way. Iterate it once.

    Raises ClassifierError when the estimate is over the prompt's budget; then nothing has been written.
    """

    prompt: Prompt
    request_file: str
    warehouse: Warehouse
    inference: Inference
    internal: Folder
    on_progress: Callable[[int, int], None] = lambda _done, _total: None
    distinct_texts: int = 0
    answered_before: int = 0
    on_their_way: int = 0
    new_texts: int = 0
    batches: list[dict] = field(default_factory=list)
    _held_back: list[dict] = field(default_factory=list)
    _under_way: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with scratch_database() as scratch:
            self._load_needed_texts(scratch)
            self._leave_out_answered(scratch)
            shared = list(self._share_batches(scratch))
            new = [self._row(batch) for batch in self._write_new(scratch)]
        self.batches = [*shared, *new]
        if self.batches:
            yield pa.RecordBatch.from_pylist(self.batches, schema=BEDROCK_JSONL.schema)

    def _load_needed_texts(self, scratch: duckdb.DuckDBPyConnection) -> None:
        columns = ["row_number", "text_id"]
        schema = pa.schema([RAW_REQUESTS.schema.field(column) for column in columns])
        with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file, columns) as rows:
            load(scratch, "requests", schema, rows)
        scratch.execute(
            "create table needed as select text_id, min(row_number) as row_number from requests "
            "where text_id is not null group by text_id"
        )
        self.distinct_texts = self._count_needed(scratch)

    def _leave_out_answered(self, scratch: duckdb.DuckDBPyConnection) -> None:
        answered = answered_texts(self.warehouse, self.prompt, self.inference.model_id(self.prompt), self.request_file)
        with self.warehouse.stream(self.prompt.name, answered) as rows:
            load(scratch, "answered", _IDS, rows)
        scratch.execute("delete from needed where text_id in (select text_id from answered)")
        self.answered_before = self.distinct_texts - self._count_needed(scratch)

    def _share_batches(self, scratch: duckdb.DuckDBPyConnection) -> Iterator[dict]:
        """Batches that hold needed texts and whose answers no table has: on their way, not yet read, or read and replaced.

        Which batches there are, the internal folder says: also those of a request file that has another content now.
        """
        model_id = self.inference.model_id(self.prompt)
        before = self._count_needed(scratch)
        if before:
            with self.warehouse.stream(self.prompt.name, failed_texts(self.warehouse, self.prompt, model_id)) as rows:
                load(scratch, "failed", _IDS, rows)
        for row in self._unread_batches(model_id):
            if not before:
                continue
            if self._is_held_back(row):
                self._held_back.append(row)
                continue
            self._under_way.append(row["batch"])
            scratch.execute("drop table if exists on_their_way")
            ids = read_text_ids(self.internal, text_ids_key(self.prompt, row["batch"]))
            load(scratch, "on_their_way", _IDS, (pa.record_batch([piece], schema=_IDS) for piece in ids))
            left = self._count_needed(scratch)
            scratch.execute(
                "delete from needed where text_id in (select text_id from on_their_way) "
                "and text_id not in (select text_id from failed)"
            )
            if self._count_needed(scratch) < left:
                yield row
        self.on_their_way = before - self._count_needed(scratch)

    def _unread_batches(self, model_id: str) -> Iterator[dict]:
        """The batches of this prompt version that classifications do not hold in full, this file's own ones first."""

        def ask(query: Callable[[Warehouse, Prompt, str], str]) -> list[dict]:
            return self.warehouse.query(self.prompt.name, query(self.warehouse, self.prompt, model_id))

        represented = {row["batch"]: row["texts"] for row in ask(represented_batches)}
        listed: dict[str, dict] = {}
        for row in ask(made_batches):
            if row["batch"] not in listed or row["request_file"] == self.request_file:
                listed[row["batch"]] = row
        stored = (
            file for file in self.internal.list(f"{self.prompt.name}/{self.prompt.version}/") if is_text_ids(file.key)
        )
        unread = [
            self._as_shared(listed.get(name) or self._unlisted(name, texts, model_id))
            for name, texts in ((batch_of(file.key), file.size // (TEXT_ID_LENGTH + 1)) for file in stored)
            if represented.get(name, 0) < texts and self._is_of(name, model_id, listed, represented)
        ]
        yield from sorted(unread, key=lambda row: (row["shared_with"] is not None, row["batch"]))

    def _is_of(self, name: str, model_id: str, listed: dict[str, dict], represented: dict[str, int]) -> bool:
        """Whether a batch is this model's: the folder does not say, its first job's name does."""
        is_known = name in listed or name in represented
        return is_known or self._was_sent(name, model_id)

    def _as_shared(self, row: dict) -> dict:
        """The batch's row for this request file; one that another file had made costs this one nothing."""
        is_own = row["request_file"] == self.request_file
        owner = row["shared_with"] or (None if is_own else row["request_file"])
        free = {} if owner is None else {"estimated_cost_usd": 0.0}
        return row | {"request_file": self.request_file, "shared_with": owner, **free}

    def _unlisted(self, name: str, texts: int, model_id: str) -> dict:
        key = batch_key(self.prompt, name)
        found = self.internal.find(key)
        size = found.size if found else 0
        estimates = {"estimated_input_tokens": size // BYTES_A_TOKEN, "estimated_output_tokens": 0}
        return {
            "request_file": EARLIER_CONTENT,
            "batch": name,
            "uri": self.internal.uri_of(key),
            "records": texts,
            "bytes": size,
            "sha256": name.split("-")[0],
            **estimates,
            "estimated_cost_usd": 0.0,
            "prompt_version": self.prompt.version,
            "model_id": model_id,
            "shared_with": None,
        }

    def _is_held_back(self, row: dict) -> bool:
        """Whether a batch was never sent because it is too small: its texts may fill a larger one now."""
        is_too_small = row["records"] < self.inference.minimum_records and self.prompt.on_demand == "never"
        return is_too_small and not self._was_sent(row["batch"], row["model_id"])

    def _was_sent(self, batch: str, model_id: str) -> bool:
        return self.inference.find(job_name(self.prompt, model_id, self.internal, batch, 1)) is not None

    def _write_new(self, scratch: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
        self.new_texts = self._count_needed(scratch)
        if not self.new_texts:
            return
        joined = self._join_held_back(scratch)
        texts = self.new_texts + joined
        overhead = RecordForm.of(self.prompt).overhead
        with self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file, ["row_number", "text"]) as rows:
            scratch.register("sizes", _reader(rows, ["row_number", "text"]))
            total_bytes = one_number(
                scratch, "select sum(strlen(text)) from sizes where row_number in (select row_number from needed)"
            )
        total_bytes += one_number(scratch, "select sum(strlen(text)) from joining")
        price = self.inference.price(self.prompt, texts)
        if price is not None:
            input_tokens = (total_bytes + texts * overhead) // BYTES_A_TOKEN
            self._check_budget(price.cost(input_tokens, texts * answer_tokens(self.prompt)))
        model_id = self.inference.model_id(self.prompt)
        settled = {
            row["batch"]
            for row in self.warehouse.query(
                self.prompt.name, represented_batches(self.warehouse, self.prompt, model_id)
            )
        }
        per_batch = texts_per_batch(texts, total_bytes, overhead, self.prompt.batch_size)
        with self.warehouse.read(
            self.prompt.name, RAW_REQUESTS, self.request_file, ["row_number", "text_id", "text"]
        ) as rows:
            scratch.register("texts", _reader(rows, ["row_number", "text_id", "text"]))
            chosen = scratch.sql(
                "select text_id, text from texts where row_number in (select row_number from needed) "
                "union all select text_id, text from joining"
            )
            yield from write_batches(
                iter(chosen.to_arrow_reader(2_000)),
                per_batch,
                self.prompt,
                price,
                self.internal,
                lambda digest: next_name(digest, settled),
                lambda done: self.on_progress(done, texts),
            )

    def _join_held_back(self, scratch: duckdb.DuckDBPyConnection) -> int:
        """Add the texts of other files that are too few for a job, if all together are enough; returns how many came."""
        load(scratch, "held_back", TEXTS, ())
        load(scratch, "done", _IDS, ())
        model_id = self.inference.model_id(self.prompt)
        # This file's own are among the needed ones, and those of a replaced file nobody waits for.
        rows = [row for row in self._held_back if row["shared_with"] not in (None, EARLIER_CONTENT)]
        for row in rows:
            load(scratch, "held_back", TEXTS, texts_of_batch(self.internal, self.prompt, row["batch"]))
            answered = answered_texts(self.warehouse, self.prompt, model_id, row["shared_with"])
            with self.warehouse.stream(self.prompt.name, answered) as ids:
                load(scratch, "done", _IDS, ids)
        for batch in self._under_way if rows else ():
            ids = read_text_ids(self.internal, text_ids_key(self.prompt, batch))
            load(scratch, "done", _IDS, (pa.record_batch([piece], schema=_IDS) for piece in ids))
        scratch.execute(
            "create table joining as select text_id, min(text) as text from held_back where text_id not in "
            "(select text_id from done union all select text_id from needed) group by text_id order by text_id"
        )
        joined = one_number(scratch, "select count(*) from joining")
        if self.new_texts + joined >= self.inference.minimum_records:
            return joined
        scratch.execute("delete from joining")
        return 0

    def _check_budget(self, estimate: float) -> None:
        if estimate > self.prompt.budget_usd:
            raise ClassifierError(
                f"{self.request_file} would cost about {estimate:.2f} USD ({self.new_texts:,} new texts), over the budget of "
                f"{self.prompt.budget_usd:.2f} USD; raise budget_usd of the prompt {self.prompt.name} or split the file."
            )

    def _row(self, batch: Batch) -> dict:
        return {
            "request_file": self.request_file,
            "batch": batch.name,
            "uri": batch.uri,
            "records": batch.records,
            "bytes": batch.bytes,
            "sha256": batch.sha256,
            "estimated_input_tokens": batch.estimated_input_tokens,
            "estimated_output_tokens": batch.estimated_output_tokens,
            "estimated_cost_usd": batch.estimated_cost_usd,
            "prompt_version": self.prompt.version,
            "model_id": self.inference.model_id(self.prompt),
            "shared_with": None,
        }

    @staticmethod
    def _count_needed(scratch: duckdb.DuckDBPyConnection) -> int:
        return one_number(scratch, "select count(*) from needed")


def next_name(digest: str, settled: set[str]) -> str:
    """The name of a batch with this SHA-256: the same for the same content, but a new one once its answers were read.

    Texts that failed and are asked again make the same file; under the old name their old job would be adopted.
    """
    stem = digest[:16]
    rounds = [int(match[1] or 1) for name in settled if (match := re.fullmatch(rf"{stem}(?:-(\d+))?", name))]
    return f"{stem}-{max(rounds) + 1}" if rounds else stem


def _reader(rows: Iterator[pa.RecordBatch], columns: list[str]) -> pa.RecordBatchReader:
    schema = pa.schema([RAW_REQUESTS.schema.field(column) for column in columns]).remove_metadata()
    fields = pa.schema([field.remove_metadata() for field in schema])
    return pa.RecordBatchReader.from_batches(fields, (batch.cast(fields) for batch in rows))
