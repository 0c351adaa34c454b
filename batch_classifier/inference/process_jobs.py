"""Jobs that this process does itself, in a thread: noted in a folder, under a lock, and taken up again after a kill.

Another process only looks on while one holds the lock. A job whose process was killed is begun again by the next one that
submits it or looks it up.
"""

import dataclasses
import datetime
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import orjson

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Job, JobRequest, JobState
from batch_classifier.storage.folder import Folder

_LOGGER = logging.getLogger(__name__)

# Does the job; tells how far it is through the second argument's callable, and returns the job as it is at the end.
Work = Callable[[JobRequest, Job, Callable[[Job], None]], Job]
Lock = Callable[[str], AbstractContextManager[bool]]


class ProcessJobs:
    """The jobs of one kind. Their ARN is the kind, a colon and the name."""

    def __init__(self, kind: str, notes: Folder, lock: Lock, work: Work) -> None:
        self.kind = kind
        self.notes = notes
        self._lock = lock
        self._work = work
        self._working: dict[str, Job] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._requests: dict[str, JobRequest] = {}
        self._unnoted: dict[str, BaseException] = {}

    def submit(self, request: JobRequest) -> Job:
        """Begin the job, or take it up where nobody is working on it any more.

        Raises ClassifierError where this process could not note how the job stands, as on a full disk.
        """
        thread = self._threads.get(request.name)
        if thread is not None and thread.is_alive() and request.name in self._working:
            return self._working[request.name]
        if (error := self._unnoted.pop(request.name, None)) is not None:
            raise _told(request.name, self.notes, error)
        found = self.find(request.name)
        if found is not None and found.state.is_over:
            return found
        job = found or Job(
            name=request.name,
            arn=f"{self.kind}:{request.name}",
            state=JobState.SUBMITTED,
            submitted_at=_now(),
            total=request.records,
        )
        if thread is not None and thread.is_alive():
            return job
        self._requests[request.name] = request
        thread = threading.Thread(target=self._run_or_keep_error, args=(request, job), name=request.name, daemon=True)
        self._threads[request.name] = thread
        thread.start()
        return job

    def find(self, name: str) -> Job | None:
        """The job of that name, or None."""
        if name in self._working:
            return self._working[name]
        return self._noted(f"{name}.json")

    def look_up(self, arn: str) -> Job:
        """How a job stands; one that was submitted here and has lost its process is taken up. Unknown: ClassifierError."""
        name = arn.removeprefix(f"{self.kind}:")
        job = self.submit(self._requests[name]) if name in self._requests else self.find(name)
        if job is None:
            raise ClassifierError(f"There is no job {arn}.")
        return job

    def is_busy(self) -> bool:
        """Whether this process is doing one of these jobs."""
        return any(thread.is_alive() for thread in self._threads.values())

    def owns(self, arn: str) -> bool:
        """Whether an ARN is one of these jobs'."""
        return arn.startswith(f"{self.kind}:")

    def list_jobs(self) -> Iterator[Job]:
        """All jobs that are noted, newest first."""
        noted = [file for file in self.notes.list() if file.key.endswith(".json")]
        for file in sorted(noted, key=lambda file: file.modified, reverse=True):
            if (job := self._noted(file.key)) is not None:
                yield job

    def _noted(self, key: str) -> Job | None:
        content = self.notes.read_bytes(key)
        if content is None:
            return None
        try:
            return _job_of(content)
        except (KeyError, TypeError, ValueError):
            # Cut off, by a disk that failed: whoever needs the job begins it again.
            _LOGGER.warning(
                "The note %s is not whole; its job is begun again when it is needed.", self.notes.uri_of(key)
            )
            return None

    def _note(self, job: Job) -> None:
        self.notes.write_bytes(f"{job.name}.json", orjson.dumps(job))
        self._working[job.name] = job

    def _run_or_keep_error(self, request: JobRequest, job: Job) -> None:
        try:
            self._run(request, job)
        except BaseException as error:
            noted = self._working.pop(request.name, None)
            if noted is not None and noted.state.is_over:
                _LOGGER.info("The job %s failed.", request.name, exc_info=True)
            else:
                # Whoever follows the job would begin it again for ever, and nobody hears a thread's error: it is told there.
                self._unnoted[request.name] = error

    def _run(self, request: JobRequest, job: Job) -> None:
        with self._lock(request.name) as has_lock:
            if not has_lock:
                # Another process is at it, and what it notes is the truth; the next look-up comes back here.
                return
            noted = self._noted(f"{request.name}.json")
            if noted is not None and noted.state.is_over:
                # Another process has ended it since it was looked up here, and what it has answered is not paid for again.
                return
            job = dataclasses.replace(job, state=JobState.IN_PROGRESS, processed=0, succeeded=0, failed=0)
            self._note(job)
            state, message = JobState.FAILED, ""
            try:
                job = self._work(request, job, lambda changed: self._working.update({job.name: changed}))
                state = JobState.COMPLETED
            except ClassifierError as error:
                # Told by whoever follows the job, not by this thread.
                message = str(error)
            finally:
                # Whatever went wrong, also what nobody foresaw: a job without an end would be begun again for ever.
                message = message or str(sys.exception() or "")
                self._note(dataclasses.replace(job, state=state, message=message, ended_at=_now()))


def _told(name: str, notes: Folder, error: BaseException) -> ClassifierError:
    if isinstance(error, ClassifierError):
        return error
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return ClassifierError(
        f"The job {name} cannot be noted in {notes.uri}: {reason.rstrip('.')}; mend that and start again."
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _job_of(content: bytes) -> Job:
    fields = orjson.loads(content)
    times = {
        name: datetime.datetime.fromisoformat(fields[name]) for name in ("submitted_at", "ended_at") if fields[name]
    }
    return Job(**{**fields, **times, "state": JobState(fields["state"])})
