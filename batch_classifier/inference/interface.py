"""What every inference service can do: take a job once, tell how it stands, and leave answers in a folder.

States, their names and their meaning are those of Amazon Bedrock's ModelInvocationJob; the local engine uses the same.
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batch_classifier.aws.refusals import needs_a_person
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.prices import ModelPrice, Price
from batch_classifier.inference.record_form import RecordForm, RecordForms
from batch_classifier.prompts.prompt import Prompt


class JobState(StrEnum):
    """State of a job, in Bedrock's words."""

    SUBMITTED = "Submitted"
    VALIDATING = "Validating"
    SCHEDULED = "Scheduled"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    PARTIALLY_COMPLETED = "PartiallyCompleted"
    EXPIRED = "Expired"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of the job."""
        return self in (self.COMPLETED, self.PARTIALLY_COMPLETED, self.EXPIRED, self.FAILED, self.STOPPED)


@dataclass(frozen=True)
class JobRequest:
    """A job to be done: one JSONL file and the folder for its answers, both keys of the internal folder."""

    name: str
    prompt: Prompt
    input_key: str
    output_key: str
    records: int
    on_demand: bool = False


@dataclass(frozen=True)
class Job:
    """A job as the service sees it. Counts are records; they may be 0 until the job is over."""

    name: str
    arn: str
    state: JobState
    submitted_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    total: int = 0
    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    message: str = ""

    @property
    def progress(self) -> str:
        """State and counts in a line, for a person."""
        return f"{self.state}, {self.processed:,} of {self.total:,}"


@dataclass(frozen=True)
class Failure:
    """What a failed job's message means.

    Attributes:
        advice: what a person has to do before another attempt makes sense; None where one may succeed as it is.
        has_too_few: whether the service wants more records in a job.
    """

    advice: str | None = None
    has_too_few: bool = False


def advice_on_refusal(message: str) -> str | None:
    """What to do after AWS refused what a job of our own process needs, where only a person can mend it; else None.

    The message itself says what that is.
    """
    return "then materialize again" if needs_a_person(message) else None


@dataclass(frozen=True)
class JobLimits:
    """What one job of a service may hold: its least and most records, and the most bytes of its file."""

    minimum_records: int
    maximum_records: int
    maximum_bytes: int


@dataclass(frozen=True)
class RecordRoom:
    """How much a record may hold: so many texts, and where they are several so many bytes of them."""

    most_texts: int
    most_bytes: int = 64_000


class NotNow(ClassifierError):
    """The service takes no more jobs, or no more calls, just now: a matter of waiting, not a failure."""


class Inference(ABC):
    """A service that answers batches.

    Attributes:
        kind: its name in the settings and in the keys of its answers.
        poll_seconds: how often a run that waits asks for its jobs.
        limits: what a job may hold.
    """

    kind: str
    poll_seconds: float
    limits: JobLimits

    @property
    def minimum_records(self) -> int:
        """The least records of a job."""
        return self.limits.minimum_records

    @property
    def charged_on_demand_below(self) -> int:
        """How few records are charged at the price on demand, where the prompt lets them be asked so."""
        return self.limits.minimum_records

    @abstractmethod
    def model_input(self, prompt: Prompt, user: str, texts: int = 1) -> dict[str, Any]:
        """The request that puts a user's message with so many texts to the prompt's model, in the shape that the service takes.

        Raises PromptError when the prompt asks for what the model cannot take.
        """

    def check_prompt(self, prompt: Prompt) -> None:
        """Raise PromptError when the prompt asks for what its model cannot take. Nothing is connected to."""
        self.model_input(prompt, "")

    def record_form(self, prompt: Prompt) -> RecordForm:
        """The form of the lines that ask the prompt's question of one text."""
        return self.record_forms(prompt).single

    def record_forms(self, prompt: Prompt) -> RecordForms:
        """The forms of the lines that ask the prompt's question, of one text or of several."""
        return RecordForms(lambda user, texts: self.model_input(prompt, user, texts))

    def record_room(self, prompt: Prompt) -> RecordRoom:
        """How much may be put to the prompt's model at once."""
        return RecordRoom(prompt.texts_per_record)

    @abstractmethod
    def model_id(self, prompt: Prompt) -> str:
        """The model that answers this prompt, as it goes into the tables."""

    @abstractmethod
    def price(self, prompt: Prompt, records: int) -> Price | None:
        """What so many records are charged at; None when it is not known."""

    def model_price(self, prompt: Prompt) -> ModelPrice | None:
        """What the prompt's model costs where it is charged for, in batches and on demand; None when it is not known."""
        batch = self.price(prompt, self.limits.maximum_records)
        on_demand = self.price(prompt, 1)
        return ModelPrice(batch, on_demand, self.kind) if batch is not None and on_demand is not None else None

    def price_is_unknown(self, prompt: Prompt) -> str:
        """What is said where the price is not known, without a full stop: which model, and what to do."""
        return f"no price is known for the model {prompt.model.id}; give model.price in the prompt"

    @abstractmethod
    def free_places(self, prompt: Prompt) -> int:
        """How many more batch jobs may be in flight for the prompt's model."""

    @abstractmethod
    def submit(self, request: JobRequest) -> Job:
        """Have the job done, once: a job of that name that is already there is adopted.

        Raises InferenceError if it is refused for good, NotNow when it has to wait, as every other call of the service may.
        """

    def take_up(self, request: JobRequest, found: Job) -> Job:
        """Go on with a job that was found in flight, where that takes more than waiting."""
        return found

    def does_itself(self, job: Job) -> bool:
        """Whether the job is work of the run's own process, and would end with it: it is waited for in any case."""
        return False

    def failure_of(self, job: Job) -> Failure | None:
        """Why a job failed, as far as it decides what comes next; None for a job that did not."""
        return self.failure_by(job.message) if job.state is JobState.FAILED else None

    def failure_by(self, message: str) -> Failure:
        """What the message of a failed job means: a service that fails in words of its own says which of them no retry can mend."""
        return Failure(advice_on_refusal(message))

    @abstractmethod
    def find(self, name: str) -> Job | None:
        """The newest job of that name, or None."""

    @abstractmethod
    def look_up(self, arn: str) -> Job:
        """How a job stands."""

    @abstractmethod
    def list_jobs(self) -> Iterator[Job]:
        """The jobs the service still tells of, newest first."""

    @abstractmethod
    def stop(self, arn: str) -> None:
        """Ask for an end; what has been answered by then stays."""

    @abstractmethod
    def console_url(self, arn: str) -> str | None:
        """Where a person can look at the job of that name; None when there is no such page."""
