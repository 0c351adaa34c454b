"""One batch on its way through its attempts: each is found or submitted, followed to its end, and answered by the next one."""

import logging
from dataclasses import dataclass, field

from batch_classifier.answers.finished_jobs import FinishedJob
from batch_classifier.errors import ClassifierError, InferenceError
from batch_classifier.inference.interface import Inference, Job, JobRequest, NotNow
from batch_classifier.inference.job_name import job_name
from batch_classifier.jobs.attempt import Attempt
from batch_classifier.jobs.outcome import read_outcome
from batch_classifier.jobs.places import Places
from batch_classifier.jobs.texts_asked import OpenTexts, TextsAsked
from batch_classifier.jobs.when_to_send import (
    Ending,
    LastAttempt,
    Rules,
    Step,
    advice_on_failure,
    ending_of,
    next_of_batch,
)
from batch_classifier.jobs.within_budget import refusal_of_more
from batch_classifier.notes.budget import Budget
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import answers_key, attempt_key, batch_key
from batch_classifier.warehouse.batch import Batch
from batch_classifier.wording import counted

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """What the batches of a request file have in common: prompt, service, places, the folder of batches and answers, the budget."""

    prompt: Prompt
    inference: Inference
    internal: Folder
    places: Places
    budget: Budget | None = None

    @property
    def rules(self) -> Rules:
        """When a text is sent again."""
        return Rules.of(self.prompt, self.inference)


@dataclass
class FollowedBatch:
    """A batch and its attempts.

    Attributes:
        step: what happens next, or SETTLED or GIVE_UP at the end.
        attempts: the newest one last.
        unanswered: texts that no attempt has answered; known at the end.
        not_asked_again: texts that were not asked once more because that would have been over a budget.
    """

    batch: Batch
    way: Way
    texts: TextsAsked = field(init=False)
    step: Step = Step.SEND
    attempts: list[Attempt] = field(default_factory=list)
    unanswered: int = 0
    not_asked_again: int = 0

    def __post_init__(self) -> None:
        self.texts = TextsAsked(self.way.prompt, self.batch.name, self.way.internal)

    @property
    def is_finished(self) -> bool:
        """Whether all that can be had is there."""
        return self.step in (Step.SETTLED, Step.GIVE_UP)

    @property
    def job(self) -> Job | None:
        """The newest attempt's job."""
        return self.attempts[-1].job if self.attempts else None

    @property
    def processed(self) -> int:
        """Texts that a job has got through, as far as the service tells."""
        if self.is_finished:
            return self.batch.records
        jobs = ((attempt, attempt.job) for attempt in self.attempts if attempt.job)
        return max(
            (job.processed * attempt.texts // max(1, attempt.request.records) for attempt, job in jobs), default=0
        )

    def advance(self) -> InferenceError | None:
        """Take the batch as far as it goes without waiting; returns what ended it for good, if something did."""
        if not self.attempts:
            whole = batch_key(self.way.prompt, self.batch.name)
            self.attempts.append(self._attempt(1, whole, self.batch.records, self.batch.records_sent, None))
        while not self.is_finished:
            attempt = self.attempts[-1]
            try:
                attempt.job = self._follow(attempt)
            except NotNow:
                self.step = Step.SEND if attempt.job else Step.WAIT_FOR_PLACE
                self.way.places.turn_away()
                return None
            except InferenceError as error:
                return error
            if attempt.job is None or not attempt.job.state.is_over:
                return None
            if (failure := self._go_on(attempt, attempt.job)) is not None:
                return failure
        return None

    def _attempt(self, number: int, input_key: str, texts: int, records: int, after: LastAttempt | None) -> Attempt:
        prompt, internal, inference = self.way.prompt, self.way.internal, self.way.inference
        name = job_name(prompt, inference.model_id(prompt), internal, self.batch.name, number)
        output_key = answers_key(prompt, inference.kind, self.batch.name, number)
        on_demand = next_of_batch(records, after, self.way.rules) is Step.ANSWER_ON_DEMAND
        return Attempt(number, texts, JobRequest(name, prompt, input_key, output_key, records, on_demand), after)

    def _follow(self, attempt: Attempt) -> Job | None:
        """How an attempt's job stands; it is found by its name, or submitted if there is a place. None where it has to wait."""
        inference, request = self.way.inference, attempt.request
        if attempt.job is not None:
            return inference.look_up(attempt.job.arn)
        if self.step is Step.WAIT_FOR_PLACE and self._next_of(attempt) is Step.WAIT_FOR_PLACE:
            # It was looked for before: as long as there is no place, another look is a call for nothing.
            return None
        self.step = Step.SEND
        if (found := inference.find(request.name)) is not None:
            return found if found.state.is_over else inference.take_up(request, found)
        self.step = self._next_of(attempt)
        if self.step not in (Step.SEND, Step.ANSWER_ON_DEMAND):
            return None
        if attempt.after is not None and not self._may_ask_again(attempt):
            return None
        self.texts.write(request.input_key, inference)
        return inference.submit(request)

    def _may_ask_again(self, attempt: Attempt) -> bool:
        """Whether the budget covers another attempt; else the batch ends with what was answered.

        Raises ClassifierError where nothing was answered, so that nothing would be there to end with.
        """
        budget = self.way.budget
        refusal = None if budget is None else refusal_of_more(budget, self.batch, self.attempts[:-1], attempt)
        if refusal is None:
            return True
        if attempt.texts == self.batch.records:
            raise ClassifierError(refusal)
        _LOGGER.warning("%s are not asked again: %s", counted(attempt.texts, "text"), refusal)
        self.attempts.remove(attempt)
        self.texts.take_back()
        self.step, self.not_asked_again = Step.GIVE_UP, attempt.texts
        self.unanswered = self.batch.records - self.texts.finish()
        return False

    def _next_of(self, attempt: Attempt) -> Step:
        """What happens to an attempt that is not sent yet; whether there is a place is asked only where it needs one."""
        records, after, rules = attempt.request.records, attempt.after, self.way.rules
        needs_place = next_of_batch(records, after, rules) is Step.SEND
        return next_of_batch(records, after, rules, has_place=not needs_place or self.way.places.has_one())

    def _go_on(self, attempt: Attempt, job: Job) -> InferenceError | None:
        """Take what an attempt that is over brought, and make the next one if one is due; returns what a person is told."""
        rules, failure = self.way.rules, self.way.inference.failure_of(job)
        attempt.ending = ending_of(failure, rules)
        counted = sum(one.ending is Ending.MAY_PASS for one in self.attempts)
        was_told = attempt.ending is Ending.FOR_GOOD and self._has_been_told(attempt)
        last = LastAttempt(attempt.ending, counted, was_told)
        outcome = read_outcome(self.way.internal, attempt.request.output_key, self.way.prompt)
        attempt.input_tokens, attempt.output_tokens = outcome.input_tokens, outcome.output_tokens
        open_texts, attempt.answered = self.texts.sort_out(outcome, last, rules)
        records = self.texts.records_of(open_texts, rules)
        step = next_of_batch(records, last, rules)
        if step is Step.TELL:
            return InferenceError(
                f"The job {job.name} failed: {job.message.rstrip('.')}; {advice_on_failure(failure, rules)}."
            )
        if step in (Step.SETTLED, Step.GIVE_UP):
            self.step = step
            self.unanswered = self.batch.records - self.texts.finish()
        else:
            self._send_again(attempt, open_texts, records, last)
        return None

    def _send_again(self, attempt: Attempt, open_texts: OpenTexts, records: int, last: LastAttempt) -> None:
        self.texts.ask(open_texts)
        number = attempt.number + 1
        is_whole = last.ending is Ending.FOR_GOOD and len(open_texts) == self.batch.records
        whole = batch_key(self.way.prompt, self.batch.name)
        input_key = whole if is_whole else attempt_key(self.way.prompt, self.batch.name, number)
        records = self.batch.records_sent if is_whole else records
        self.attempts.append(self._attempt(number, input_key, len(open_texts), records, last))

    def _has_been_told(self, attempt: Attempt) -> bool:
        """Whether a run has told of this failure before; from now on it has."""
        key = f"{attempt.request.output_key}.told"
        if self.way.internal.find(key) is not None:
            return True
        self.way.internal.write_bytes(key, b"")
        return False

    def finished_jobs(self) -> list[FinishedJob]:
        """The rows of `batch_job`, one an attempt that is over; texts that have no answer are told of in the last one."""
        return [
            attempt.finished_job(
                attempt.job,
                self.batch,
                self.way.inference,
                self.way.internal,
                unanswered=self.unanswered if attempt is self.attempts[-1] else 0,
            )
            for attempt in self.attempts
            if attempt.job is not None and attempt.job.state.is_over
        ]
