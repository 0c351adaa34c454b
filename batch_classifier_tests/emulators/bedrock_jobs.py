"""One emulated batch inference job: its states, what moves it from one to the next, and how it is described."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from batch_classifier_tests.emulators.answering import Behaviour
from batch_classifier_tests.emulators.batch_output import BatchRun, Counts
from batch_classifier_tests.emulators.calls import Calls
from batch_classifier_tests.emulators.faults import Faults
from batch_classifier_tests.emulators.job_input import InputFile, InputRefused, read_input, split_uri

WAITING = ("Submitted", "Validating", "Scheduled")
RUNNING = (*WAITING, "InProgress", "Stopping")
DEFAULT_TIMEOUT_HOURS = 24


@dataclass
class Job:
    """A job as the service knows it; `request` is what it was created with."""

    arn: str
    request: dict[str, Any]
    submitted_at: datetime
    region: str
    status: str = "Submitted"
    message: str | None = None
    entered_at: datetime = field(init=False)
    ended_at: datetime | None = None
    counts: Counts = field(default_factory=Counts)
    input_files: list[InputFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entered_at = self.submitted_at

    @property
    def name(self) -> str:
        """The job's name, which no other job of the account has."""
        return str(self.request["jobName"])

    @property
    def job_id(self) -> str:
        """The last part of the ARN, and the name of the output folder."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def model_id(self) -> str:
        """The identifier that the caller gave."""
        return str(self.request["modelId"])

    @property
    def token(self) -> str | None:
        """The caller's idempotency token."""
        return self.request.get("clientRequestToken")

    @property
    def input_uri(self) -> str:
        """A file or a folder on S3."""
        return str(self.request["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])

    @property
    def output_uri(self) -> str:
        """The job's own folder, below the one that the caller gave."""
        return str(self.request["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]).rstrip("/") + f"/{self.job_id}"

    @property
    def expires_at(self) -> datetime:
        """When the timeout comes."""
        return self.submitted_at + timedelta(hours=self.request.get("timeoutDurationInHours") or DEFAULT_TIMEOUT_HOURS)

    @property
    def is_running(self) -> bool:
        """Whether the job is still to end; a running job counts for the quota."""
        return self.status in RUNNING

    def enter(self, status: str, moment: datetime, message: str | None = None) -> None:
        """Come to a state."""
        self.status, self.entered_at = status, moment
        self.message = message or self.message
        if not self.is_running:
            self.ended_at = moment
            self.input_files = []

    def describe(self, faults: Faults) -> dict[str, Any]:
        """What get and list tell of the job."""
        counts = self.counts.describe_records()
        if not self.is_running and faults.strikes_job(self.name):
            counts |= faults.job_counts or {}
        told = {name: value for name, value in self.request.items() if name != "tags"}
        told |= {
            "jobArn": self.arn,
            "status": self.status,
            "message": self.message,
            "submitTime": self.submitted_at,
            "lastModifiedTime": self.entered_at,
            "endTime": self.ended_at,
            "jobExpirationTime": self.expires_at,
        }
        return {name: value for name, value in (told | counts).items() if value is not None}


class JobMover:
    """Moves jobs through their states by the clock, by polls, or by hand; reads their input and writes their output."""

    def __init__(self, behaviour: Behaviour, calls: Calls, s3: Any) -> None:
        self._behaviour = behaviour
        self._calls = calls
        self._s3 = s3

    def catch_up(self, job: Job, now: datetime) -> None:
        """Take all the steps that are due by now."""
        while job.is_running and not self._behaviour.durations.one_state_per_poll:
            due = job.entered_at + timedelta(seconds=self._seconds_in(job.status))
            if job.expires_at < due and job.expires_at <= now and job.status != "Stopping":
                self._time_out(job)
            elif due <= now:
                self.step(job, due)
            else:
                self._report_progress(job, now)
                return

    def step(self, job: Job, moment: datetime) -> None:
        """Leave the state that the job is in, as if its time were over."""
        faults = self._faults_of(job)
        match job.status:
            case "Submitted":
                job.enter("Validating", moment)
            case "Validating":
                self._validate(job, moment, faults.failed_message)
            case "Scheduled" if faults.is_expired:
                job.enter("Expired", moment, "Batch job expired before it was scheduled.")
            case "Scheduled":
                job.enter("InProgress", moment)
                job.counts.total = self._count_records(job)
                if self._behaviour.durations.one_state_per_poll:
                    job.counts.processed = job.counts.total // 2
            case "InProgress" if faults.partially_completed_after is not None:
                self._finish(job, "PartiallyCompleted", moment, faults.partially_completed_after)
            case "InProgress" if faults.stopped_after is not None:
                self._finish(job, "Stopped", moment, faults.stopped_after)
            case "InProgress":
                self._finish(job, "Completed", moment, self._count_records(job))
            case "Stopping":
                self._finish(job, "Stopped", moment, job.counts.processed)

    def stop(self, job: Job, moment: datetime) -> None:
        """Begin to stop; what was processed by now will be written."""
        job.enter("Stopping", moment)
        self.catch_up(job, moment)

    def _validate(self, job: Job, moment: datetime, failed_message: str | None) -> None:
        try:
            if failed_message is not None:
                raise InputRefused(failed_message)
            job.input_files = read_input(self._s3, job.input_uri, job.arn, self._behaviour.limits)
            self._s3.head_bucket(Bucket=split_uri(job.output_uri)[0])
        except InputRefused as refusal:
            job.enter("Failed", moment, str(refusal))
        except self._s3.exceptions.ClientError:
            self._fail_to_write(job, moment)
        else:
            job.enter("Scheduled", moment)

    def _fail_to_write(self, job: Job, moment: datetime) -> None:
        bucket = split_uri(job.output_uri)[0]
        job.enter("Failed", moment, f"Could not validate PutObject permissions to access S3 bucket: {bucket}")

    def _finish(self, job: Job, status: str, moment: datetime, records_at_most: int) -> None:
        run = BatchRun(
            behaviour=self._behaviour,
            model=self._behaviour.models.find(job.model_id),
            invocation_type=job.request.get("modelInvocationType") or "InvokeModel",
            job_name=job.name,
            records_at_most=records_at_most,
        )
        bucket, folder = split_uri(job.output_uri)
        # A job that was stopped before its first record leaves nothing.
        if records_at_most > 0:
            try:
                for name, content in run.write_files(job.input_files, self._calls).items():
                    self._s3.put_object(Bucket=bucket, Key=f"{folder}/{name}", Body=content)
            except self._s3.exceptions.ClientError:
                self._fail_to_write(job, moment)
                return
            job.counts = run.counts
        job.enter(status, moment)

    def _time_out(self, job: Job) -> None:
        if job.status == "InProgress":
            self._report_progress(job, job.expires_at)
            self._finish(job, "PartiallyCompleted", job.expires_at, job.counts.processed)
        else:
            job.enter("Expired", job.expires_at, "Batch job expired before it was scheduled.")

    def _report_progress(self, job: Job, now: datetime) -> None:
        if job.status == "InProgress":
            share = (now - job.entered_at).total_seconds() / (self._seconds_in("InProgress") or 1.0)
            job.counts.processed = int(min(share, 1.0) * job.counts.total)
            job.counts.succeeded = job.counts.processed

    def _seconds_in(self, status: str) -> float:
        durations = self._behaviour.durations
        return {
            "Submitted": durations.submitted,
            "Validating": durations.validating,
            "Scheduled": durations.scheduled,
            "InProgress": durations.in_progress,
            "Stopping": durations.stopping,
        }[status]

    def _faults_of(self, job: Job) -> Faults:
        faults = self._behaviour.faults
        return faults if faults.strikes_job(job.name) else Faults()

    @staticmethod
    def _count_records(job: Job) -> int:
        return sum(len(file.records) for file in job.input_files)
