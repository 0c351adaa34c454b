"""All jobs of the emulated account: creating, finding and listing them."""

import random
import string
from datetime import UTC, datetime
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID

from batch_classifier_tests.emulators.answering import Behaviour
from batch_classifier_tests.emulators.bedrock_jobs import Job, JobMover
from batch_classifier_tests.emulators.calls import Calls
from batch_classifier_tests.emulators.limits import EmulatedClock
from batch_classifier_tests.emulators.service_errors import BedrockError

JOBS_PER_PAGE = 100


class JobStore:
    """The jobs in the order of their creation. Not safe for threads by itself: the API holds a lock around it."""

    def __init__(self, behaviour: Behaviour, calls: Calls, clock: EmulatedClock, s3: Any) -> None:
        self.jobs: list[Job] = []
        self._behaviour = behaviour
        self._clock = clock
        self._mover = JobMover(behaviour, calls, s3)
        self._random = random.Random(behaviour.seed)

    def create(self, request: dict[str, Any], region: str) -> tuple[Job, bool]:
        """The new job and true, or the one that the same token made before and false."""
        token = request.get("clientRequestToken")
        for job in self.jobs:
            if token is not None and job.token == token and job.region == region:
                return job, False
        self.catch_up()
        if any(job.name == request["jobName"] and job.region == region for job in self.jobs):
            raise BedrockError("ConflictException", "The provided job name is currently in use.")
        model = self._behaviour.models.find_for_batch(request["modelId"])
        running = [job for job in self.jobs if job.is_running and job.region == region]
        of_this_model = [job for job in running if self._behaviour.models.find(job.model_id) == model]
        if len(of_this_model) >= self._behaviour.limits.active_jobs_per_model:
            raise quota_exceeded()
        job_id = "".join(self._random.choices(string.ascii_lowercase + string.digits, k=12))
        arn = f"arn:aws:bedrock:{region}:{DEFAULT_ACCOUNT_ID}:model-invocation-job/{job_id}"
        job = Job(arn, request, self._clock.now(), region)
        self.jobs.append(job)
        return job, True

    def find(self, identifier: str, region: str) -> Job:
        """The job of an ARN; a bare job id is refused, as the service has been seen to do."""
        if not identifier.startswith("arn:"):
            raise BedrockError("ValidationException", "The provided ARN is invalid.")
        for job in self.jobs:
            if job.arn == identifier and job.region == region:
                return job
        raise BedrockError("ResourceNotFoundException", f"Could not find the batch job {identifier}.")

    def poll(self, job: Job) -> Job:
        """A look at a job, which brings it up to date, or one state further where polls are what moves it."""
        if self._behaviour.durations.one_state_per_poll and job.is_running:
            self._mover.step(job, self._clock.now())
        self._mover.catch_up(job, self._clock.now())
        return job

    def search(self, parameters: dict[str, Any], region: str) -> tuple[list[Job], str | None]:
        """One page of the jobs that fit, and the token of the next page."""
        fitting = [self.poll(job) for job in self.jobs if job.region == region]
        fitting = [job for job in fitting if _fits(job, parameters)]
        if parameters.get("sortOrder", "Descending") == "Descending":
            fitting.reverse()
        start = 0
        if token := parameters.get("nextToken"):
            places = [place for place, job in enumerate(fitting) if job.job_id == token]
            if not places:
                raise BedrockError("ValidationException", "The provided nextToken is invalid.")
            start = places[0]
        end = start + int(parameters.get("maxResults") or JOBS_PER_PAGE)
        return fitting[start:end], fitting[end].job_id if end < len(fitting) else None

    def stop(self, job: Job) -> None:
        """Stop a job; one that is over cannot be stopped."""
        self._mover.catch_up(job, self._clock.now())
        if job.status == "Stopping" or not job.is_running:
            raise BedrockError("ConflictException", f"Batch job {job.arn} is {job.status} and cannot be stopped.")
        self._mover.stop(job, self._clock.now())

    def catch_up(self) -> None:
        """Bring every job up to date with the clock."""
        for job in self.jobs:
            self._mover.catch_up(job, self._clock.now())

    def step(self) -> None:
        """Move every running job on by one state, whatever the clock says."""
        for job in self.jobs:
            if job.is_running:
                self._mover.step(job, self._clock.now())


def quota_exceeded() -> BedrockError:
    """The error of an account that has as many jobs as it may."""
    return BedrockError(
        "ServiceQuotaExceededException",
        "Your account has reached the maximum number of batch inference jobs that are submitted or in progress for "
        "this model. Wait for a job to end, or request a quota increase.",
    )


def _fits(job: Job, parameters: dict[str, Any]) -> bool:
    after, before = _moment(parameters.get("submitTimeAfter")), _moment(parameters.get("submitTimeBefore"))
    return (
        parameters.get("nameContains", "") in job.name
        and parameters.get("statusEquals", job.status) == job.status
        and (after is None or job.submitted_at > after)
        and (before is None or job.submitted_at < before)
    )


def _moment(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is not None:
        return value
    return value.replace(tzinfo=UTC)
