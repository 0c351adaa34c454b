"""The asset batch_job: the finished jobs of a request file's batches, or word of those that are under way.

A file whose jobs are under way is noted, and so is one whose texts are too few for a job, for others to come back to it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from batch_classifier.answers.finished_jobs import FinishedJob, finished_jobs_to_arrow
from batch_classifier.errors import ClassifierError, InferenceError
from batch_classifier.inference.interface import Inference, Job, NotNow
from batch_classifier.inference.job_name import job_name
from batch_classifier.jobs.following import BatchJobs
from batch_classifier.jobs.within_budget import check_written, renewing
from batch_classifier.notes.budget import Budget
from batch_classifier.notes.held_back import call_held_back, note_held_back
from batch_classifier.notes.waiting import forget_waiting, jobs_ahead, note_waiting
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch


@dataclass(frozen=True)
class Finished:
    """All jobs are over.

    Attributes:
        repairs: texts that were asked once more because their answer was unfit.
        not_asked_again: texts that were not, or not sent again, because that would have been over a budget.
    """

    jobs: Sequence[FinishedJob]
    repairs: int
    not_asked_again: int = 0

    @property
    def batches(self) -> list[pa.RecordBatch]:
        """The rows of the table `batch_job`."""
        return [finished_jobs_to_arrow(self.jobs)] if self.jobs else []

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
    """

    jobs: Sequence[Job] = field(default_factory=list)
    waiting_for_place: int = 0
    too_few: str | None = None


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
    check_written(batches, request_file, budget)
    if budget is not None and not _reserve(budget, batches, wait_seconds):
        names = [job_name(prompt, inference.model_id(prompt), internal, batch.name, 1) for batch in batches]
        note_waiting(internal, prompt, request_file, [], names)
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
    is_over = _run(jobs, prompt, request_file, internal, wait_seconds)
    if prompt.on_demand == "never":
        look_after_held_back = note_held_back if jobs.held_back else call_held_back
        look_after_held_back(internal, prompt, request_file)
    if is_over:
        return Finished(jobs.finished_jobs(), jobs.repairs, jobs.not_asked_again)
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


def _run(jobs: BatchJobs, prompt: Prompt, request_file: str, internal: Folder, wait_seconds: float | None) -> bool:
    """Run the jobs, and note or forget that the file waits for them; True when all are over."""
    try:
        is_over = jobs.run(wait_seconds)
    except InferenceError:
        forget_waiting(internal, prompt, request_file)
        raise
    except ClassifierError:
        # The jobs go on by themselves, whatever this run came to grief on: the sensor is to come back for them.
        if in_flight := jobs.in_flight():
            note_waiting(internal, prompt, request_file, in_flight, [])
        raise
    # Texts that are held back are waited for in a note of their own; jobs beside them are come back for all the same.
    if not is_over and (jobs.in_flight() or jobs.waiting):
        note_waiting(internal, prompt, request_file, jobs.in_flight(), jobs.waiting)
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
