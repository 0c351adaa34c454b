"""What can go wrong at Amazon Bedrock, each thing switched on by the test that needs it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


class Fault:
    """Base of what can happen to one record instead of a good answer."""


@dataclass(frozen=True)
class RecordError(Fault):
    """The record fails: an error object in a batch, an exception on demand."""

    code: int | str = 400
    message: str = "The model returned the following errors: emulated failure"
    is_expired: bool = False


@dataclass(frozen=True)
class CutAnswer(Fault):
    """The answer stops after so many characters, with the stop reason for too many tokens."""

    characters: int = 10


@dataclass(frozen=True)
class EmptyAnswer(Fault):
    """A success without a word; `has_block` says whether an empty text block is there at all."""

    has_block: bool = True


@dataclass(frozen=True)
class MalformedLine(Fault):
    """The record's output line is no JSON."""

    line: str = '{"recordId": "broken", "modelOutput": {'


@dataclass(frozen=True)
class MissingRecord(Fault):
    """The record does not appear in the output."""


@dataclass(frozen=True)
class RepeatedRecord(Fault):
    """The record's line appears so many times."""

    times: int = 2


@dataclass(frozen=True)
class RenamedRecord(Fault):
    """The record's answer comes back under an id that nobody sent."""

    record_id: str = "unknown-record"


@dataclass(frozen=True)
class SeenRecord:
    """What a rule decides on. `position` counts from 0 in the order of the job's input, or of the calls on demand."""

    position: int
    record_id: str | None
    text: str
    model_input: Mapping[str, Any]
    job_name: str | None


RecordRule = Callable[[SeenRecord], Fault | None]


def at_positions(fault: Fault, *positions: int) -> RecordRule:
    """A rule for the records at these positions."""
    return lambda record: fault if record.position in positions else None


def every(fault: Fault, nth: int) -> RecordRule:
    """A rule for every nth record, the first of them at position nth - 1."""
    return lambda record: fault if (record.position + 1) % nth == 0 else None


def for_texts(fault: Fault, part: str) -> RecordRule:
    """A rule for the records whose text has this part in it."""
    return lambda record: fault if part in record.text else None


def for_record_ids(fault: Fault, record_ids: Collection[str]) -> RecordRule:
    """A rule for these record ids."""
    return lambda record: fault if record.record_id in record_ids else None


def in_every_job(job_name: str) -> bool:
    """The rule that lets job faults strike every job."""
    return True


@dataclass
class Faults:
    """The switches. Numbers of calls (`throttled_creates` and the like) are used up call by call.

    Attributes under "jobs" and "output" strike when a job reaches that point, in the jobs that `strikes_job` picks by
    name. `record_rules` are asked in order, for batch and on demand; the first fault wins.
    """

    record_rules: list[RecordRule] = field(default_factory=list)
    strikes_job: Callable[[str], bool] = in_every_job

    # Jobs: how they end.
    failed_message: str | None = None
    is_expired: bool = False
    partially_completed_after: int | None = None
    stopped_after: int | None = None
    no_successes: bool = False
    unfinished_come_as_expired: bool = False

    # Output: what is wrong with the files.
    order: Literal["shuffled", "given", "reversed"] = "shuffled"
    truncated_last_line: bool = False
    unknown_record_ids: int = 0
    duplicated_lines: int = 0
    missing_output_file: bool = False
    missing_manifest: bool = False
    manifest_counts: dict[str, int] | None = None
    job_counts: dict[str, int] | None = None

    # Calls.
    throttled_creates: int = 0
    throttle_every: int | None = None
    quota_refusals: int = 0
    server_errors_after_creation: int = 0
    dropped_connections_after_creation: int = 0
    throttled_reads: int = 0
    unlisted_fields: Collection[str] = ()
    throttled_answers: int = 0
    expired_token_after_calls: int | None = None

    def use_up(self, name: str) -> bool:
        """Take one of a numbered fault; true while there was one to take."""
        remaining: int = getattr(self, name)
        if remaining <= 0:
            return False
        setattr(self, name, remaining - 1)
        return True

    def find_record_fault(self, record: SeenRecord) -> Fault | None:
        """The first fault that a rule has for this record."""
        return next((fault for rule in self.record_rules if (fault := rule(record)) is not None), None)
