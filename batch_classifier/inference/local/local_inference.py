"""Inference on this machine: the same batches in and the same answers out as Bedrock's, from the local engine.

A job is a thread of the process that submitted it. Its answers appear whole, when it is over.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from filelock import FileLock, Timeout

from batch_classifier.file_access import PRIVATE, FileAccess
from batch_classifier.inference.bedrock.limits import LIMITS
from batch_classifier.inference.bedrock.model_limits import record_room
from batch_classifier.inference.bedrock.model_requests import check_model, model_input
from batch_classifier.inference.interface import Inference, Job, JobRequest, RecordRoom
from batch_classifier.inference.local.embeddings import MODEL_ID, EmbeddingClassifier, Verdict, engine_id
from batch_classifier.inference.price_table import PriceTable
from batch_classifier.inference.prices import FREE, ModelPrice, Price
from batch_classifier.inference.process_jobs import ProcessJobs
from batch_classifier.inference.record_form import Record
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.record_batches import BYTES_AT_ONCE, ROWS_AT_ONCE
from batch_classifier.settings import Settings
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.open_folder import open_folder

if TYPE_CHECKING:
    from batch_classifier.inference.local.taught import Taught
    from batch_classifier.inference.local.trained_models import TrainedModels


class LocalInference(Inference):
    """Answers batches with static embeddings, free of charge and offline.

    It stands in for Bedrock, so its batches are those that Bedrock would be sent, and there may be as few texts as there are.
    """

    kind = "local"
    poll_seconds = 0.05
    limits = dataclasses.replace(LIMITS, minimum_records=1)

    def __init__(
        self, internal: Folder, home: Path, access: FileAccess = PRIVATE, prices: PriceTable | None = None
    ) -> None:
        self.internal = internal
        self.prices = prices or PriceTable()
        notes = LocalFolder(home / "local_jobs", access)
        self.jobs = ProcessJobs(
            "local", notes, lambda name: held_lock(notes.path / f".{name}.lock", access), self._answer
        )

    @cached_property
    def models(self) -> "TrainedModels":
        """The prompts' own models; they bring numpy along, which takes its time and is not always needed."""
        from batch_classifier.inference.local.trained_models import TrainedModels

        return TrainedModels(self.internal)

    @classmethod
    def from_settings(cls, settings: Settings) -> "LocalInference":
        """As the settings say."""
        return cls(
            open_folder(settings.internal_location, settings.kms_key_id, settings.file_access),
            settings.home,
            settings.file_access,
            PriceTable.of(settings.prices, settings.home),
        )

    def model_input(self, prompt: Prompt, user: str, texts: int = 1) -> dict[str, Any]:
        """The shape that Bedrock takes for the prompt's model."""
        return model_input(prompt, user, texts)

    def record_room(self, prompt: Prompt) -> RecordRoom:
        """As much as the model reads and writes at once."""
        return record_room(prompt)

    def check_prompt(self, prompt: Prompt) -> None:
        """As Bedrock would be asked: a prompt that works here works there."""
        check_model(prompt)

    def model_id(self, prompt: Prompt) -> str:
        """The engine's name and version, how strict it is where that is not as usual, and the prompt's own model.

        Another model is another answer: texts that are met again are asked anew. Raises ClassifierError where it is damaged.
        """
        taught = self.models.of(prompt)
        name = engine_id(prompt.fallback.strictness)
        return name if taught is None else f"{name}+{taught.model.digest}"

    def price(self, prompt: Prompt, records: int) -> Price | None:
        """Nothing."""
        return FREE

    @property
    def charged_on_demand_below(self) -> int:
        """As few as Bedrock would charge so."""
        return LIMITS.minimum_records

    def model_price(self, prompt: Prompt) -> ModelPrice | None:
        """What Bedrock would charge for the prompt's model."""
        return self.prices.price_of(prompt.model)

    def price_is_unknown(self, prompt: Prompt) -> str:
        """In which table the model is missing."""
        return self.prices.unknown(prompt.model)

    def free_places(self, prompt: Prompt) -> int:
        """One job at a time: each uses all cores."""
        return 0 if self.jobs.is_busy() else 1

    def submit(self, request: JobRequest) -> Job:
        """Begin the job, or take it up where nobody is working on it any more."""
        return self.jobs.submit(request)

    def take_up(self, request: JobRequest, found: Job) -> Job:
        """Begin a job again whose process was killed."""
        return self.submit(request)

    def does_itself(self, job: Job) -> bool:
        """Always."""
        return True

    def find(self, name: str) -> Job | None:
        """The job of that name, or None."""
        return self.jobs.find(name)

    def look_up(self, arn: str) -> Job:
        """How a job stands."""
        return self.jobs.look_up(arn)

    def list_jobs(self) -> Iterator[Job]:
        """All jobs of this home, newest first."""
        return self.jobs.list_jobs()

    def stop(self, arn: str) -> None:
        """Nothing to do: a local job ends with its process."""

    def console_url(self, arn: str) -> str | None:
        """There is no page for a local job."""
        return None

    def _engine(self, prompt: Prompt) -> EmbeddingClassifier:
        taught = self.models.of(prompt)
        return _engine(prompt) if taught is None else _engine_with(prompt, taught)

    def _answer(self, request: JobRequest, job: Job, note: Callable[[Job], None]) -> Job:
        engine, forms = self._engine(request.prompt), self.record_forms(request.prompt)
        tokens_read = tokens_written = 0
        with self.internal.spool() as path:
            with self.internal.read(request.input_key) as lines, path.open("wb") as out:
                for some in _lines_at_once(lines):
                    records = [forms.read(line) for line in some]
                    verdicts = iter(engine.classify([text for record in records for text in record.texts.values()]))
                    for line, record in zip(some, records, strict=True):
                        said = dict(zip(record.texts, verdicts, strict=False))
                        answer = answer_text(request.prompt, record, said)
                        read = sum(verdict.tokens for verdict in said.values())
                        tokens_read, tokens_written = tokens_read + read, tokens_written + len(answer) // 4
                        out.write(b'%b,"modelOutput":%b}\n' % (line[:-1], _model_output(answer, read, record, said)))
                    done = job.processed + len(some)
                    job = dataclasses.replace(job, processed=done, succeeded=done)
                    note(job)
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
        return job


@contextmanager
def held_lock(path: Path, access: FileAccess = PRIVATE) -> Iterator[bool]:
    """A lock that ends with its process, however that ends; False when another process has it."""
    access.make_folder(path.parent)
    # Never the library's soft lock, which is a file that a killed process would leave behind.
    lock = FileLock(path, blocking=False, fallback_to_soft=False, mode=access.mode)
    try:
        held = lock.acquire()
    except Timeout:
        yield False
        return
    with held:
        yield True


@lru_cache(maxsize=8)
def _engine(prompt: Prompt) -> EmbeddingClassifier:
    return EmbeddingClassifier(prompt.categories, prompt.fallback.name, prompt.fallback.strictness)


def _engine_with(prompt: Prompt, taught: "Taught") -> EmbeddingClassifier:
    return EmbeddingClassifier(prompt.categories, prompt.fallback.name, prompt.fallback.strictness, taught)


def answer_text(prompt: Prompt, record: Record, verdicts: Mapping[str, Verdict]) -> str:
    """The verdicts on a record's texts, by the ids that these go by in it, in the words that the prompt asks a model for."""
    if record.asks_of_one:
        return _answer_to_one(prompt, verdicts[record.record_id])
    if prompt.answer == "json":
        answers = [{"id": one, **_fields(prompt, verdict)} for one, verdict in verdicts.items()]
        return orjson.dumps({"answers": answers}).decode()
    return "".join(
        f'<answer id="{one}">{_answer_to_one(prompt, verdict)}</answer>' for one, verdict in verdicts.items()
    )


def _answer_to_one(prompt: Prompt, verdict: Verdict) -> str:
    if prompt.answer == "json":
        return orjson.dumps(_fields(prompt, verdict)).decode()
    rationale = f"<rationale>{verdict.reason}</rationale>" if prompt.rationale else ""
    return f"<class>{verdict.category}</class>{rationale}"


def _fields(prompt: Prompt, verdict: Verdict) -> dict[str, str]:
    reason = {"rationale": verdict.reason} if prompt.rationale else {}
    return {**reason, "class": verdict.category}


def _model_output(answer: str, tokens_read: int, record: Record, verdicts: Mapping[str, Verdict]) -> bytes:
    confidences = {one: round(verdict.confidence, 4) for one, verdict in verdicts.items()}
    notes = {one: verdict.note for one, verdict in verdicts.items() if verdict.note}
    sure = {"confidence": confidences[record.record_id]} if record.asks_of_one else {"confidences": confidences}
    return orjson.dumps(
        {
            "type": "message",
            "role": "assistant",
            "model": MODEL_ID,
            "content": [{"type": "text", "text": answer}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": tokens_read, "output_tokens": len(answer) // 4},
            **sure,
            **({"notes": notes} if notes else {}),
        }
    )


def _lines_at_once(file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines, some at once: as many as are to pass at a time."""
    some: list[bytes] = []
    size = 0
    for line in file:
        if stripped := line.rstrip(b"\r\n"):
            some.append(stripped)
            size += len(stripped)
        if size >= BYTES_AT_ONCE or len(some) >= ROWS_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some
