"""The jobs of a request file's batches: submitted or adopted, followed to their end, and sent again where answers are missing.

Nothing is remembered between runs: job names come from prompt, model, batch and attempt, so every run finds what an earlier
one began, asks the service how it stands, and goes on from there.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from batch_classifier.batches import TEXT_ID_LENGTH, batch_folder, batch_key
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference, Job, JobRequest, JobState
from batch_classifier.model_answers import decode_record
from batch_classifier.prompts import Prompt
from batch_classifier.storage import Folder


def job_name(prompt: Prompt, model_id: str, batch: str, attempt: int) -> str:
    """The name of an attempt's job: letters, digits and hyphens, at most 63, the same whoever asks."""
    model = hashlib.sha256(f"{prompt.version} {model_id}".encode()).hexdigest()[:8]
    return f"{prompt.name.replace('_', '-')}-{model}-{batch}-{attempt}"


def answers_key(prompt: Prompt, kind: str, batch: str, attempt: int) -> str:
    """The folder of an attempt's answers, fresh for each attempt."""
    return f"{batch_folder(prompt, batch)}/answers-{kind}-{attempt}"


def output_files(folder: Folder, output_key: str) -> list[str]:
    """The keys of the files of answers below an attempt's folder."""
    return sorted(file.key for file in folder.list(f"{output_key}/") if file.key.endswith(".jsonl.out"))


@dataclass
class Attempt:
    """One job of a batch, and what came of it."""

    number: int
    request: JobRequest
    job: Job | None = None
    answered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class FollowedBatch:
    """A batch on its way through its attempts."""

    row: dict
    attempts: list[Attempt] = field(default_factory=list)
    is_finished: bool = False


@dataclass
class BatchJobs:
    """Follows the batches of one request file; `rows` are those of the table `batch_job`.

    `batches` are rows of `bedrock_jsonl`. Raises InferenceError when the service refuses a job for good.
    """

    prompt: Prompt
    batches: Sequence[dict]
    inference: Inference
    internal: Folder
    on_progress: Callable[[int, int], None] = lambda done, total: None
    followed: list[FollowedBatch] = field(init=False)

    def __post_init__(self) -> None:
        self.followed = [FollowedBatch(row) for row in self.batches]

    def run(self, wait_seconds: float | None) -> bool:
        """Take every batch as far as it goes within so many seconds (None: to the end); True when all are over."""
        deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
        while True:
            for batch in self.followed:
                self._advance(batch)
            self.on_progress(self.processed, self.total)
            if all(batch.is_finished for batch in self.followed):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(self.inference.poll_seconds)

    @property
    def total(self) -> int:
        """Texts in all batches."""
        return sum(batch.row["records"] for batch in self.followed)

    @property
    def processed(self) -> int:
        """Texts that a job has got through, as far as the service tells."""
        return sum(
            batch.row["records"]
            if batch.is_finished
            else max((a.job.processed for a in batch.attempts if a.job), default=0)
            for batch in self.followed
        )

    def jobs(self) -> list[Job]:
        """The newest job of each batch that has one."""
        return [batch.attempts[-1].job for batch in self.followed if batch.attempts and batch.attempts[-1].job]

    def rows(self) -> list[dict]:
        """Rows of the table `batch_job`, one an attempt that is over."""
        return [
            self._row(batch.row, attempt, attempt.job)
            for batch in self.followed
            for attempt in batch.attempts
            if attempt.job is not None and attempt.job.state.is_over
        ]

    def _advance(self, batch: FollowedBatch) -> None:
        while not batch.is_finished:
            if not batch.attempts:
                batch.attempts.append(
                    self._attempt(batch, 1, batch_key(self.prompt, batch.row["batch"]), batch.row["records"])
                )
            attempt = batch.attempts[-1]
            attempt.job = self._current(attempt)
            if attempt.job is None or not attempt.job.state.is_over:
                return
            self._finish(batch, attempt)

    def _attempt(self, batch: FollowedBatch, number: int, input_key: str, records: int) -> Attempt:
        name = job_name(self.prompt, self.inference.model_id(self.prompt), batch.row["batch"], number)
        output_key = answers_key(self.prompt, self.inference.kind, batch.row["batch"], number)
        return Attempt(number, JobRequest(name, self.prompt, input_key, output_key, records))

    def _current(self, attempt: Attempt) -> Job | None:
        if attempt.job is not None:
            return self.inference.look_up(attempt.job.arn)
        found = self.inference.find(attempt.request.name)
        # A job of ours that is not over is submitted again, so that the service takes it up where that is its nature.
        return found if found is not None and found.state.is_over else self.inference.submit(attempt.request)

    def _finish(self, batch: FollowedBatch, attempt: Attempt) -> None:
        assert attempt.job is not None
        if attempt.job.state is JobState.FAILED:
            raise ClassifierError(f"The job {attempt.job.name} failed: {attempt.job.message}")
        answered = self._read_answers(attempt)
        attempt.answered = len(answered)
        batch.is_finished = True

    def _read_answers(self, attempt: Attempt) -> set[str]:
        """The ids of the texts that an attempt answered; counts its tokens."""
        answered: set[str] = set()
        for key in output_files(self.internal, attempt.request.output_key):
            with self.internal.read(key) as file:
                for line in file:
                    try:
                        record = decode_record(line)
                    except (msgspec.DecodeError, UnicodeDecodeError):
                        continue
                    if record.modelOutput is not None and record.recordId not in answered:
                        if len(record.recordId) == TEXT_ID_LENGTH:
                            answered.add(record.recordId)
                        read, written = record.modelOutput.tokens()
                        attempt.input_tokens += read
                        attempt.output_tokens += written
        return answered

    def _row(self, batch: dict, attempt: Attempt, job: Job) -> dict:
        price = self.inference.price(self.prompt, attempt.request.records)
        cost = None if price is None else round(price.cost(attempt.input_tokens, attempt.output_tokens), 6)
        return {
            "request_file": batch["request_file"],
            "batch": batch["batch"],
            "attempt": attempt.number,
            "job_name": job.name,
            "job_arn": job.arn,
            "status": str(job.state),
            "submitted_at": job.submitted_at,
            "ended_at": job.ended_at,
            "records": attempt.request.records,
            "succeeded": attempt.answered,
            "failed": attempt.request.records - attempt.answered,
            "input_tokens": attempt.input_tokens,
            "output_tokens": attempt.output_tokens,
            "cost_usd": cost if batch["shared_with"] is None else 0.0,
            "output_uri": self.internal.uri_of(attempt.request.output_key),
            "message": job.message,
            "shared_with": batch["shared_with"],
        }
