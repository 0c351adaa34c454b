"""Inference on this machine: the same batches in and the same answers out as Bedrock's, from the local engine.

A job is done by a thread of the process that submitted it, under a lock: another process only looks on, and a job whose
process was killed is begun again by the next one that submits it. Answers appear whole, when the job is over.
"""

import dataclasses
import datetime
import fcntl
import threading
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.embeddings import MODEL_ID, EmbeddingClassifier, Verdict
from batch_classifier.inference.interface import Inference, Job, JobRequest, JobState
from batch_classifier.model_requests import RecordForm
from batch_classifier.prices import FREE, Price
from batch_classifier.prompts import Prompt
from batch_classifier.storage import Folder, LocalFolder

_LINES_AT_ONCE = 2_000


class LocalInference(Inference):
    """Answers batches with static embeddings, free of charge and offline."""

    kind = "local"
    poll_seconds = 0.05

    def __init__(self, internal: Folder, home: Path) -> None:
        self.internal = internal
        self.jobs = LocalFolder(home / "local_jobs")
        self._working: dict[str, Job] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._requests: dict[str, JobRequest] = {}

    def model_id(self, prompt: Prompt) -> str:
        """The engine's name and version."""
        return MODEL_ID

    def price(self, prompt: Prompt, records: int) -> Price | None:
        """Nothing."""
        return FREE

    def submit(self, request: JobRequest) -> Job:
        """Begin the job, or take it up where nobody is working on it any more."""
        thread = self._threads.get(request.name)
        if thread is not None and thread.is_alive():
            return self._working[request.name]
        found = self.find(request.name)
        if found is not None and found.state.is_over:
            return found
        job = found or Job(
            name=request.name,
            arn=f"local:{request.name}",
            state=JobState.SUBMITTED,
            submitted_at=_now(),
            total=request.records,
        )
        self._working[job.name] = job
        self._requests[request.name] = request
        thread = threading.Thread(target=self._work, args=(request, job), name=request.name, daemon=True)
        self._threads[request.name] = thread
        thread.start()
        return job

    def find(self, name: str) -> Job | None:
        """The job of that name, or None."""
        if name in self._working:
            return self._working[name]
        content = self.jobs.read_bytes(f"{name}.json")
        return None if content is None else _job_of(content)

    def look_up(self, arn: str) -> Job:
        """How a job stands; one that was submitted here and has lost its process is taken up. Unknown: ClassifierError."""
        name = arn.removeprefix("local:")
        job = self.submit(self._requests[name]) if name in self._requests else self.find(name)
        if job is None:
            raise ClassifierError(f"There is no local job {arn}.")
        return job

    def list_jobs(self) -> Iterator[Job]:
        """All jobs of this home, newest first."""
        for file in sorted(self.jobs.list(), key=lambda file: file.modified, reverse=True):
            if (content := self.jobs.read_bytes(file.key)) is not None:
                yield _job_of(content)

    def stop(self, arn: str) -> None:
        """Nothing to do: a local job ends with its process."""

    def console_url(self, job: Job) -> str | None:
        """There is no page for a local job."""
        return None

    def _note(self, job: Job) -> None:
        self._working[job.name] = job
        self.jobs.write_bytes(f"{job.name}.json", orjson.dumps(job))

    def _work(self, request: JobRequest, job: Job) -> None:
        with self._lock(request.name) as has_lock:
            if not has_lock:
                # Another process is at it; what it notes on the disk is the truth.
                self._working.pop(request.name, None)
                return
            try:
                job = dataclasses.replace(job, state=JobState.IN_PROGRESS)
                self._note(job)
                self._answer(request, job)
            except (ClassifierError, OSError, ValueError) as error:
                self._note(dataclasses.replace(job, state=JobState.FAILED, message=str(error), ended_at=_now()))

    def _lock(self, name: str) -> "_JobLock":
        path = self.jobs.path / f".{name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        return _JobLock(path)

    def _answer(self, request: JobRequest, job: Job) -> None:
        engine, form = _engine(request.prompt), RecordForm.of(request.prompt)
        tokens_read = tokens_written = 0
        with self.internal.spool() as path:
            with self.internal.read(request.input_key) as lines, path.open("wb") as out:
                while some := list(islice(_lines(lines), _LINES_AT_ONCE)):
                    texts = [form.read(line)[1] for line in some]
                    for line, verdict in zip(some, engine.classify(texts), strict=True):
                        answer = answer_text(request.prompt, verdict)
                        tokens_read += verdict.tokens
                        tokens_written += len(answer) // 4
                        out.write(b'%b,"modelOutput":%b}\n' % (line[:-1], _model_output(answer, verdict)))
                    done = job.processed + len(some)
                    job = dataclasses.replace(job, processed=done, succeeded=done)
                    self._working[job.name] = job
            name = request.input_key.rsplit("/", 1)[-1]
            self.internal.publish(path, f"{request.output_key}/{request.name}/{name}.out")
        manifest = {
            "totalRecordCount": job.processed,
            "processedRecordCount": job.processed,
            "successRecordCount": job.succeeded,
            "errorRecordCount": 0,
            "inputTokenCount": tokens_read,
            "outputTokenCount": tokens_written,
        }
        self.internal.write_bytes(f"{request.output_key}/{request.name}/manifest.json.out", orjson.dumps(manifest))
        self._note(dataclasses.replace(job, state=JobState.COMPLETED, ended_at=_now()))


class _JobLock:
    """A lock that ends with its process, however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: BinaryIO | None = None

    def __enter__(self) -> bool:
        self.file = self.path.open("wb")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(self, *exception: object) -> None:
        if self.file is not None:
            self.file.close()


@lru_cache(maxsize=8)
def _engine(prompt: Prompt) -> EmbeddingClassifier:
    return EmbeddingClassifier(prompt.categories, prompt.fallback)


def answer_text(prompt: Prompt, verdict: Verdict) -> str:
    """The verdict in the words that the prompt asks a model for."""
    if prompt.answer == "json":
        reason = {"rationale": verdict.reason} if prompt.rationale else {}
        return orjson.dumps({**reason, "class": verdict.category}).decode()
    rationale = f"<rationale>{verdict.reason}</rationale>" if prompt.rationale else ""
    return f"<class>{verdict.category}</class>{rationale}"


def _model_output(answer: str, verdict: Verdict) -> bytes:
    return orjson.dumps(
        {
            "type": "message",
            "role": "assistant",
            "model": MODEL_ID,
            "content": [{"type": "text", "text": answer}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": verdict.tokens, "output_tokens": len(answer) // 4},
            "confidence": round(verdict.confidence, 4),
        }
    )


def _lines(file: BinaryIO) -> Iterator[bytes]:
    return (stripped for line in file if (stripped := line.rstrip(b"\r\n")))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _job_of(content: bytes) -> Job:
    fields = orjson.loads(content)
    times = {
        name: datetime.datetime.fromisoformat(fields[name]) for name in ("submitted_at", "ended_at") if fields[name]
    }
    return Job(**{**fields, **times, "state": JobState(fields["state"])})
