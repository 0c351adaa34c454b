"""The asset batch_job: the finished jobs of a request file's batches, or word of those that are under way.

A file whose jobs are under way is noted, and so is one whose texts are too few for a job, for others to come back to it.
"""

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from batch_classifier.answers.finished_jobs import FinishedJob, Way, finished_jobs_to_arrow
from batch_classifier.cascade.local_answers import is_local
from batch_classifier.cascade.standing import is_sampling
from batch_classifier.errors import ClassifierError, InferenceError
from batch_classifier.inference.interface import Inference, Job, JobState, NotNow
from batch_classifier.inference.job_name import job_name
from batch_classifier.jobs.following import BatchJobs
from batch_classifier.jobs.within_budget import check_written, renewing
from batch_classifier.notes.budget import Budget
from batch_classifier.notes.held_back import call_held_back, note_held_back
from batch_classifier.notes.waiting import forget_waiting, jobs_ahead, note_waiting
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.tables import BEDROCK_JSONL


@dataclass(frozen=True)
class Finished:
    """All jobs are over.

    Attributes:
        jobs: the model's.
        repairs: texts that were asked once more because their answer was unfit.
        local: what a local model has answered in the model's place, as jobs.
        not_asked_again: texts that were not, or not sent again, because that would have been over a budget.
    """

    jobs: Sequence[FinishedJob]
    repairs: int
    not_asked_again: int = 0
    local: Sequence[FinishedJob] = ()

    @property
    def batches(self) -> list[pa.RecordBatch]:
        """The rows of the table `batch_job`."""
        jobs = [*self.jobs, *self.local]
        return [finished_jobs_to_arrow(jobs)] if jobs else []

    @property
    def cost_usd(self) -> float | None:
        """What all jobs cost; None where the model's price is not known."""
        return _sum_of_costs(self.jobs)

    @property
    def repair_cost_usd(self) -> float:
        """What the attempts after the first cost, as far as prices are known."""
        return float(sum(job.cost_usd or 0.0 for job in self.jobs if job.attempt > 1))


@dataclass(frozen=True)
class UnderWay:
    """Some jobs are not over.

    Attributes:
        jobs: the newest job of each batch that has one.
        waiting_for_place: how many jobs wait for a place in the quota.
        too_few: which texts wait for more to make a job, in a sentence; None where there are none.
        is_sample: whether all jobs are over and the other texts of the file are to be decided on, by bedrock_jsonl.
    """

    jobs: Sequence[Job] = field(default_factory=list)
    waiting_for_place: int = 0
    too_few: str | None = None
    is_sample: bool = False


def run_batch_jobs(
    prompt: Prompt,
    request_file: str,
    batches: Sequence[Batch],
    inference: Inference,
    internal: Folder,
    wait_seconds: float | None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    budget: Budget | None = None,
) -> Finished | UnderWay:
    """Send the batches, or find what an earlier run sent, and wait so long for their jobs (None: to their end).

    What they may cost is reserved of the budget before the first is sent. Raises InferenceError for a job that failed or was
    refused for a reason that a person has to mend, ClassifierError when the service or the folder cannot be reached, and for what
    is over the budget.
    """
    is_sample = is_sampling(internal, prompt, inference.model_id(prompt), request_file)
    goes_on_from = BEDROCK_JSONL.name if is_sample else ""
    everything, batches = batches, [batch for batch in batches if not is_local(batch)]
    check_written(batches, request_file, budget)
    if budget is not None and not _reserve(budget, batches, wait_seconds):
        names = [job_name(prompt, inference.model_id(prompt), internal, batch.name, 1) for batch in batches]
        note_waiting(internal, prompt, request_file, [], names, goes_on_from)
        return UnderWay(waiting_for_place=len(names))
    jobs = BatchJobs(
        prompt,
        batches,
        inference,
        internal,
        on_progress if budget is None else renewing(budget, on_progress),
        lambda enough: jobs_ahead(internal, prompt, request_file, enough),
        budget,
    )
    is_over = _run(jobs, prompt, request_file, internal, wait_seconds, goes_on_from)
    if prompt.on_demand == "never":
        look_after_held_back = note_held_back if jobs.held_back else call_held_back
        look_after_held_back(internal, prompt, request_file)
    if is_over and is_sample:
        note_waiting(internal, prompt, request_file, jobs.jobs(), [], goes_on_from)
        return UnderWay(jobs.jobs(), is_sample=True)
    if is_over:
        local = [_answered_locally(batch, internal) for batch in everything if is_local(batch)]
        return Finished(jobs.finished_jobs(), jobs.repairs, jobs.not_asked_again, local)
    if budget is not None:
        budget.keep()
    return UnderWay(jobs.jobs(), len(jobs.waiting), _too_few(jobs.held_back, inference.minimum_records))


def _reserve(budget: Budget, batches: Sequence[Batch], wait_seconds: float | None) -> bool:
    """Reserve what is not sent yet; False where the service is too busy to say what that is. Raises ClassifierError."""
    deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
    while True:
        try:
            budget.reserve(budget.unsent(batches))
            return True
        except NotNow:
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(budget.inference.poll_seconds)


def _answered_locally(batch: Batch, internal: Folder) -> FinishedJob:
    """The row of `batch_job` for a batch that a local model has answered: its answers were there before any job."""
    answers = next(iter(internal.list(f"{internal.key_of(batch.uri)}/")), None)
    moment = answers.modified if answers is not None else datetime.datetime.now(datetime.UTC)
    return FinishedJob(
        request_file=batch.request_file,
        batch=batch.name,
        attempt=1,
        job_name=batch.model_id,
        job_arn="",
        status=JobState.COMPLETED,
        submitted_at=moment,
        ended_at=moment,
        records=batch.records,
        succeeded=batch.records,
        failed=0,
        unanswered=0,
        input_tokens=0,
        output_tokens=0,
        cost_usd=0.0,
        output_uri=batch.uri,
        message="answered by the local model, in the model's place",
        shared_with=None,
        way=Way.LOCAL_MODEL,
        input_price=0.0,
        output_price=0.0,
    )


def _run(
    jobs: BatchJobs,
    prompt: Prompt,
    request_file: str,
    internal: Folder,
    wait_seconds: float | None,
    goes_on_from: str,
) -> bool:
    """Run the jobs, and note or forget that the file waits for them; True when all are over."""
    try:
        is_over = jobs.run(wait_seconds)
    except InferenceError:
        forget_waiting(internal, prompt, request_file)
        raise
    except ClassifierError:
        # The jobs go on by themselves, whatever this run came to grief on: the sensor is to come back for them.
        if in_flight := jobs.in_flight():
            note_waiting(internal, prompt, request_file, in_flight, [], goes_on_from)
        raise
    # Texts that are held back are waited for in a note of their own; jobs beside them are come back for all the same.
    if not is_over and (jobs.in_flight() or jobs.waiting):
        note_waiting(internal, prompt, request_file, jobs.in_flight(), jobs.waiting, goes_on_from)
    else:
        forget_waiting(internal, prompt, request_file)
    return is_over


def _too_few(texts: int, minimum: int) -> str | None:
    if not texts:
        return None
    return f"{texts} texts wait: a job needs {minimum}, {minimum - texts} more, and on_demand is never."


def _sum_of_costs(jobs: Sequence[FinishedJob]) -> float | None:
    known = [job.cost_usd for job in jobs if job.cost_usd is not None]
    return float(sum(known)) if len(known) == len(jobs) else None
