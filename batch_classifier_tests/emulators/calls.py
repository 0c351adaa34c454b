"""What the emulator was asked, counted, so that a test can assert that nothing was asked twice."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from batch_classifier_tests.emulators.model_requests import NEXT_TEXT


@dataclass(frozen=True)
class ModelCall:
    """One text that a model was asked about, or several with NEXT_TEXT between them; `is_answered` is false when the record failed."""

    kind: Literal["batch", "invoke_model", "converse"]
    text: str
    model_id: str
    record_id: str | None = None
    job_name: str | None = None
    is_answered: bool = True


@dataclass
class Calls:
    """Counts of API calls since the emulator started, refused ones included where the name says nothing else."""

    model: list[ModelCall] = field(default_factory=list)
    creates: int = 0
    creates_accepted: int = 0
    creates_repeated: int = 0
    gets: int = 0
    lists: int = 0
    stops: int = 0
    on_demand: int = 0
    token_counts: int = 0

    @property
    def total(self) -> int:
        """All calls of both clients."""
        return self.creates + self.gets + self.lists + self.stops + self.on_demand + self.token_counts

    @property
    def creates_refused(self) -> int:
        """Creates that neither made a job nor repeated the token of one."""
        return self.creates - self.creates_accepted - self.creates_repeated

    def texts(self) -> Counter[str]:
        """How many times each text was answered, in a batch or on demand."""
        return Counter(text for call in self.model if call.is_answered for text in call.text.split(NEXT_TEXT))

    def record_ids(self) -> Counter[str]:
        """How many times each record id was answered in a batch."""
        return Counter(call.record_id for call in self.model if call.is_answered and call.record_id is not None)

    def texts_asked_twice(self) -> list[str]:
        """The texts that were answered, and so paid for, more than once."""
        return [text for text, times in self.texts().items() if times > 1]
