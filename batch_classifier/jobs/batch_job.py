"""The jobs of a request file's batches: submitted or adopted, followed to their end, and sent again where answers are missing.

Nothing is remembered between runs: job names come from prompt, model, batch and attempt, so every run finds what an earlier
one began, asks the service how it stands, and goes on from there.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from batch_classifier.errors import InferenceError
from batch_classifier.inference.bedrock.messages import TOO_FEW, advice_on
from batch_classifier.inference.interface import Inference, Job, JobRequest, JobState, NotNow
from batch_classifier.inference.job_name import job_name
from batch_classifier.jobs.attempts import read_outcome, still_open, write_next_attempt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import answers_key, batch_folder, batch_key, text_ids_key
from batch_classifier.storage.text_ids import read_text_ids

_OWN_POLL_SECONDS = 0.5


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
    """A batch on its way through its attempts. `open_texts` are those the newest attempt asks; None stands for all."""

    row: dict
    attempts: list[Attempt] = field(default_factory=list)
    open_texts: dict[str, str | None] | None = None
    repaired: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    unanswered: int = 0
    sent: int = 0
    is_finished: bool = False
    waits_for_place: bool = False
    held_back: int = 0


@dataclass
class BatchJobs:
    """Follows the batches of one request file; `rows` are those of the table `batch_job`.

    `batches` are rows of `bedrock_jsonl`. `count_ahead` tells how many jobs of others have waited longer, counting no
    further than to the number it is given: so many free places are left to them at the first look.

    Raises InferenceError when a job failed or was refused for a reason that no retry can mend; the other jobs go on, and
    the next run finds them.
    """

    prompt: Prompt
    batches: Sequence[dict]
    inference: Inference
    internal: Folder
    on_progress: Callable[[int, int], None] = lambda done, total: None
    count_ahead: Callable[[int], int] = lambda enough: 0
    _others_ahead: int | None = None
    _is_turned_away: bool = False
    followed: list[FollowedBatch] = field(init=False)

    def __post_init__(self) -> None:
        self.followed = [FollowedBatch(row) for row in self.batches]

    def run(self, wait_seconds: float | None) -> bool:
        """Take every batch as far as it goes within so many seconds (None: to the end); True when all are over.

        Returns False early when nothing is left to wait for but more texts.
        """
        deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
        while True:
            self._is_turned_away = False
            failures = [failure for batch in self.followed if (failure := self._advance(batch)) is not None]
            # Later on they have had their chance: one who never comes must not hold up this file for good.
            self._others_ahead = 0
            self.on_progress(self.processed, self.total)
            if failures:
                raise InferenceError(" ".join(str(failure) for failure in failures))
            moving = [batch for batch in self.followed if not batch.is_finished and not batch.held_back]
            if not moving:
                return not self.held_back
            # What this process does itself would end with it, so the run stays until that is over.
            own = [job for batch in moving if (job := batch.attempts[-1].job) and self.inference.does_itself(job)]
            if not own and deadline is not None and time.monotonic() >= deadline:
                return False
            self._pause(own)

    def _pause(self, own: Sequence[Job]) -> None:
        """Wait for the next look at the service, but not longer than to the end of a job of one's own."""
        next_look = time.monotonic() + self.inference.poll_seconds
        while (left := next_look - time.monotonic()) > 0:
            time.sleep(min(left, _OWN_POLL_SECONDS) if own else left)
            if any(self.inference.look_up(job.arn).state.is_over for job in own):
                return

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
            else max((attempt.job.processed for attempt in batch.attempts if attempt.job), default=0)
            for batch in self.followed
        )

    @property
    def held_back(self) -> int:
        """Texts that are too few for a job where the prompt forbids asking on demand."""
        return sum(batch.held_back for batch in self.followed)

    @property
    def waiting(self) -> list[str]:
        """The names of the jobs that wait for a place in the quota."""
        return [batch.attempts[-1].request.name for batch in self.followed if batch.waits_for_place]

    @property
    def repairs(self) -> int:
        """Texts whose answer was unfit and that were asked once more."""
        return sum(len(batch.repaired) for batch in self.followed)

    def jobs(self) -> list[Job]:
        """The newest job of each batch that has one."""
        return [batch.attempts[-1].job for batch in self.followed if batch.attempts and batch.attempts[-1].job]

    def in_flight(self) -> list[Job]:
        """The jobs that go on without this process."""
        return [job for job in self.jobs() if not job.state.is_over and not self.inference.does_itself(job)]

    def rows(self) -> list[dict]:
        """Rows of the table `batch_job`, one an attempt that is over."""
        return [
            self._row(batch, attempt, attempt.job)
            for batch in self.followed
            for attempt in batch.attempts
            if attempt.job is not None and attempt.job.state.is_over
        ]

    def _advance(self, batch: FollowedBatch) -> InferenceError | None:
        """Take one batch as far as it goes without waiting; returns what ended it for good, if something did."""
        while not batch.is_finished:
            if not batch.attempts:
                batch.attempts.append(self._attempt(batch, 1, batch_key(self.prompt, batch.row["batch"])))
            attempt = batch.attempts[-1]
            try:
                self._follow(batch, attempt)
            except NotNow:
                batch.waits_for_place = attempt.job is None
                # Whatever the count of places says: the next batch would be turned away too.
                self._is_turned_away = True
                return None
            except InferenceError as error:
                return error
            if attempt.job is None or not attempt.job.state.is_over:
                return None
            failure = self._finish(batch, attempt)
            if failure is not None:
                return failure
        return None

    def _attempt(self, batch: FollowedBatch, number: int, input_key: str, must_be_on_demand: bool = False) -> Attempt:
        model_id = self.inference.model_id(self.prompt)
        name = job_name(self.prompt, model_id, self.internal, batch.row["batch"], number)
        output_key = answers_key(self.prompt, self.inference.kind, batch.row["batch"], number)
        records = batch.row["records"] if batch.open_texts is None else len(batch.open_texts)
        is_small = records < self.inference.minimum_records or must_be_on_demand
        on_demand = is_small and self.prompt.on_demand == "auto"
        return Attempt(number, JobRequest(name, self.prompt, input_key, output_key, records, on_demand))

    def _follow(self, batch: FollowedBatch, attempt: Attempt) -> None:
        """Find out how an attempt stands; submit it when it is not there yet and there is a place."""
        if attempt.job is not None:
            attempt.job = self.inference.look_up(attempt.job.arn)
            return
        needs_place = not attempt.request.on_demand
        if batch.waits_for_place and needs_place and not self._has_place():
            # It was looked for before: as long as there is no place, another look is a call for nothing.
            return
        batch.waits_for_place = False
        found = self.inference.find(attempt.request.name)
        if found is not None:
            attempt.job = found if found.state.is_over else self.inference.take_up(attempt.request, found)
            return
        records = attempt.request.records
        if needs_place and records < self.inference.minimum_records:
            batch.held_back = records
            return
        if needs_place and not self._has_place():
            batch.waits_for_place = True
            return
        if attempt.number > 1:
            self._write_input(batch, attempt)
        attempt.job = self.inference.submit(attempt.request)

    def _has_place(self) -> bool:
        if self._is_turned_away:
            return False
        free = self.inference.free_places(self.prompt)
        if free and self._others_ahead is None:
            self._others_ahead = self.count_ahead(free)
        return free > (self._others_ahead or 0)

    def _write_input(self, batch: FollowedBatch, attempt: Attempt) -> None:
        whole = batch_key(self.prompt, batch.row["batch"])
        if attempt.request.input_key != whole and batch.open_texts is not None:
            write_next_attempt(
                self.internal, whole, attempt.request.input_key, batch.open_texts, self.prompt, self.inference
            )

    def _finish(self, batch: FollowedBatch, attempt: Attempt) -> InferenceError | None:
        """Take what an attempt that is over brought, and make the next one if one is due."""
        assert attempt.job is not None
        outcome = read_outcome(self.internal, attempt.request.output_key, self.prompt)
        asked = list(self._asked(batch))
        answered = [text_id for text_id in asked if text_id in outcome.settled or text_id in outcome.unfit]
        attempt.answered = len(answered)
        batch.answered.update(answered)
        attempt.input_tokens, attempt.output_tokens = outcome.input_tokens, outcome.output_tokens
        has_failed = attempt.job.state is JobState.FAILED
        is_too_small = has_failed and TOO_FEW.search(attempt.job.message) is not None
        advice = self._advice(attempt.job.message) if has_failed else None
        if advice is not None:
            if self._has_been_told(attempt):
                # A person was told, and runs it again: so it is mended, as far as they know.
                self._next(batch, attempt, still_open(asked, outcome, batch.repaired, True), is_new_start=True)
                return None
            return InferenceError(f"The job {attempt.job.name} failed: {attempt.job.message.rstrip('.')}; {advice}.")
        batch.sent += not is_too_small
        may_send_again = batch.sent < self.prompt.max_attempts
        open_texts = still_open(asked, outcome, batch.repaired, may_send_again)
        if open_texts and self._can_be_sent(len(open_texts)):
            self._next(batch, attempt, open_texts, must_be_on_demand=is_too_small)
        else:
            batch.is_finished = True
            batch.unanswered = batch.row["records"] - len(batch.answered)
            # A file may have a million texts: what is settled is not kept in memory.
            batch.answered.clear()
        return None

    def _advice(self, message: str) -> str | None:
        """What to do about a failure that no retry can mend; None where another attempt may help."""
        if self.prompt.on_demand == "never" and TOO_FEW.search(message):
            return "put more texts into one file, or take on_demand: never out of the prompt"
        return advice_on(message)

    def _asked(self, batch: FollowedBatch) -> Iterable[str]:
        if batch.open_texts is not None:
            return batch.open_texts
        pieces = read_text_ids(self.internal, text_ids_key(self.prompt, batch.row["batch"]))
        return (text_id for piece in pieces for text_id in piece.to_pylist())

    def _can_be_sent(self, texts: int) -> bool:
        return texts >= self.inference.minimum_records or self.prompt.on_demand == "auto"

    def _next(
        self,
        batch: FollowedBatch,
        attempt: Attempt,
        open_texts: dict[str, str | None],
        must_be_on_demand: bool = False,
        is_new_start: bool = False,
    ) -> None:
        batch.repaired |= {text_id for text_id, fault in open_texts.items() if fault is not None}
        batch.open_texts = open_texts
        number = attempt.number + 1
        if is_new_start and len(open_texts) == batch.row["records"]:
            input_key = batch_key(self.prompt, batch.row["batch"])
        else:
            input_key = f"{batch_folder(self.prompt, batch.row['batch'])}/attempt-{number}.jsonl"
        batch.attempts.append(self._attempt(batch, number, input_key, must_be_on_demand))

    def _has_been_told(self, attempt: Attempt) -> bool:
        """Whether a run has told of this failure before; from now on it has."""
        key = f"{attempt.request.output_key}.told"
        if self.internal.find(key) is not None:
            return True
        self.internal.write_bytes(key, b"")
        return False

    def _row(self, followed: FollowedBatch, attempt: Attempt, job: Job) -> dict:
        batch = followed.row
        is_last = attempt is followed.attempts[-1]
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
            "unanswered": followed.unanswered if is_last else 0,
            "input_tokens": attempt.input_tokens,
            "output_tokens": attempt.output_tokens,
            "cost_usd": cost if batch["shared_with"] is None else 0.0,
            "output_uri": self.internal.uri_of(attempt.request.output_key),
            "message": job.message,
            "shared_with": batch["shared_with"],
        }
