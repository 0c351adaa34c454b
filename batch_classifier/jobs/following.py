"""The batches of a request file, followed side by side: submitted or adopted, looked after, and sent again where that is due.

Nothing is remembered between runs: job names come from prompt, model, batch and attempt, so every run finds what an earlier
one began, asks the service how it stands, and goes on from there.
"""

import time
from collections.abc import Callable, Sequence

from batch_classifier.answers.finished_jobs import FinishedJob
from batch_classifier.errors import InferenceError
from batch_classifier.inference.interface import Inference, Job
from batch_classifier.jobs.followed_batch import FollowedBatch, Way
from batch_classifier.jobs.places import Places
from batch_classifier.jobs.when_to_send import Step
from batch_classifier.notes.budget import Budget
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch

_OWN_POLL_SECONDS = 0.5


class BatchJobs:
    """Follows the jobs of one request file's batches.

    Args:
        on_progress: is told, at each look, how many texts of how many a job has got through.
        count_ahead: tells how many jobs of other files have waited longer for a place, counting no further than to the
            number it is given.
        budget: what later attempts are held to; None for whatever costs nothing.
    """

    def __init__(
        self,
        prompt: Prompt,
        batches: Sequence[Batch],
        inference: Inference,
        internal: Folder,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
        count_ahead: Callable[[int], int] = lambda _enough: 0,
        budget: Budget | None = None,
    ) -> None:
        self.inference = inference
        self.on_progress = on_progress
        self.places = Places(prompt, inference, count_ahead)
        way = Way(prompt, inference, internal, self.places, budget)
        self.followed = [FollowedBatch(batch, way) for batch in batches]

    def run(self, wait_seconds: float | None) -> bool:
        """Take every batch as far as it goes within so many seconds (None: to the end); True when all are over.

        Returns False early when nothing is left to wait for but more texts. Raises InferenceError when a job failed or was
        refused for a reason that no retry can mend; the other jobs go on, and the next run finds them.
        """
        deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
        while True:
            self.places.begin_look()
            failures = [failure for batch in self.followed if (failure := batch.advance()) is not None]
            self.on_progress(self.processed, self.total)
            if failures:
                raise InferenceError(" ".join(str(failure) for failure in failures))
            moving = [batch for batch in self.followed if not batch.is_finished and batch.step is not Step.HOLD_BACK]
            if not moving:
                return not self.held_back
            # What this process does itself would end with it, so the run stays until that is over.
            own = [batch.job for batch in moving if batch.job and self.inference.does_itself(batch.job)]
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
        return sum(batch.batch.records for batch in self.followed)

    @property
    def processed(self) -> int:
        """Texts that a job has got through, as far as the service tells."""
        return sum(batch.processed for batch in self.followed)

    @property
    def held_back(self) -> int:
        """Texts that are too few for a job where the prompt forbids asking on demand."""
        return sum(batch.batch.records for batch in self.followed if batch.step is Step.HOLD_BACK)

    @property
    def waiting(self) -> list[str]:
        """The names of the jobs that wait for a place in the quota."""
        return [batch.attempts[-1].request.name for batch in self.followed if batch.step is Step.WAIT_FOR_PLACE]

    @property
    def repairs(self) -> int:
        """Texts whose answer was unfit and that were asked once more."""
        return sum(len(batch.texts.repaired) for batch in self.followed)

    @property
    def not_asked_again(self) -> int:
        """Texts that were not asked once more because that would have been over a budget."""
        return sum(batch.not_asked_again for batch in self.followed)

    def jobs(self) -> list[Job]:
        """The newest job of each batch that has one."""
        return [batch.job for batch in self.followed if batch.job is not None]

    def in_flight(self) -> list[Job]:
        """The jobs that go on without this process."""
        return [job for job in self.jobs() if not job.state.is_over and not self.inference.does_itself(job)]

    def finished_jobs(self) -> list[FinishedJob]:
        """The rows of the table `batch_job`, one an attempt that is over."""
        return [job for batch in self.followed for job in batch.finished_jobs()]
