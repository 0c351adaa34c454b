"""The table of all cases: a stage, a fault, and where the project's files are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from batch_classifier_tests.faults import kinds
from batch_classifier_tests.faults.kinds import Fault
from batch_classifier_tests.faults.project import CLASSIFY, DAEMON, free_port
from batch_classifier_tests.faults.stops import Place, Stage

Where = Literal["laptop", "aws"]
S = Stage
BEFORE, MIDDLE = Place.BEFORE, Place.MIDDLE


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        where: `laptop` is DuckDB and the local engine, `aws` S3, Bedrock and Athena.
        stage: where the command stands still.
        place: before the stage's work or in the middle of it.
        fault: what happens then.
        in_flight: whether texts were on their way to a model that answers to nobody when its process is gone, or
            have been asked with a prompt that was changed then; each may be asked once more.
        on_small_disk: whether the project lies on a disk that can be filled.
        as_ordinary_user: whether permissions count for the commands also where root runs them.
        is_short: whether it belongs to the few that every test run does.
        has_failed_job: whether the model's job ends as failed, which is told and tried again by the next start.
        also_there: patterns of files that may be there besides those of the undisturbed run.
        known: why it fails, where that is known and not mended.
    """

    where: Where
    stage: Stage
    place: Place
    fault: Fault
    in_flight: bool = False
    on_small_disk: bool = False
    as_ordinary_user: bool = False
    is_short: bool = False
    has_failed_job: bool = False
    also_there: Sequence[str] = ()
    known: str | None = None

    @property
    def name(self) -> str:
        """As pytest shows it."""
        detail = f", {self.fault.detail}" if self.fault.detail else ""
        return f"{self.where}, {self.stage}, {self.place}, {self.fault.name}{detail}"

    @property
    def is_repeated(self) -> bool:
        """Whether all texts have their class before the command is started again."""
        return self.fault.passes or self.stage in (Stage.WRITE_FILES, Stage.SUMMARY)

    @property
    def command(self) -> Sequence[str]:
        """What a person starts."""
        if isinstance(self.fault, kinds.DaemonRestarted):
            return ("ui", "--port", str(free_port()))
        return DAEMON if self.stage is Stage.SENSOR else CLASSIFY


# On a laptop the model is a thread of the command: what it was asked, and what it would have answered, is lost with it.
_LOST_WITH_PROCESS = frozenset({(S.SUBMIT, MIDDLE), (S.WAIT, BEFORE), (S.WAIT, MIDDLE)})
_EVERYWHERE = [(stage, MIDDLE) for stage in Stage]
_SHORT = frozenset({("laptop", S.WRITE_TABLE, MIDDLE), ("aws", S.SUBMIT, MIDDLE)})


def _of_process(where: Where) -> Iterator[Case]:
    """What ends or starves the process."""
    for stage, place in [*_EVERYWHERE, (S.SUBMIT, BEFORE)]:
        lost = where == "laptop" and (stage, place) in _LOST_WITH_PROCESS
        is_short = (where, stage, place) in _SHORT
        yield Case(where, stage, place, kinds.Killed(), in_flight=lost, is_short=is_short)
    for stage, place in _EVERYWHERE if where == "laptop" else [(S.READ, MIDDLE), (S.WRITE_TABLE, MIDDLE)]:
        lost = where == "laptop" and (stage, place) in _LOST_WITH_PROCESS
        yield Case(where, stage, place, kinds.OutOfMemory(), in_flight=lost, has_failed_job=lost)
    for stage, place in (
        _EVERYWHERE if where == "laptop" else [(S.READ, BEFORE), (S.WRITE_JSONL, BEFORE), (S.WRITE_FILES, BEFORE)]
    ):
        lost = where == "laptop" and (stage, place) in _LOST_WITH_PROCESS
        yield Case(where, stage, place, kinds.DiskFull(), in_flight=lost, on_small_disk=True, has_failed_job=lost)


def _of_permissions() -> Iterator[Case]:
    lost: list[tuple[Stage, Place, Fault]] = [
        (S.SENSOR, BEFORE, kinds.PermissionLost("data/input_data/travel")),
        (S.READ, BEFORE, kinds.PermissionLost("data/input_data/travel/calls.csv")),
        (S.WRITE_JSONL, MIDDLE, kinds.PermissionLost("data/internal", "data/internal/**/", mode=0o500)),
        (S.SUBMIT, BEFORE, kinds.PermissionLost("data", mode=0o500)),
        (S.WAIT, MIDDLE, kinds.PermissionLost("data/internal", "data/internal/**/", mode=0o500)),
        (S.READ_ANSWERS, BEFORE, kinds.PermissionLost("data/internal/**/*.jsonl.out")),
        (S.WRITE_TABLE, BEFORE, kinds.PermissionLost("data/warehouse.duckdb", mode=0o400)),
        (S.WRITE_FILES, BEFORE, kinds.PermissionLost("data", mode=0o500)),
        (S.SUMMARY, BEFORE, kinds.PermissionLost("data/warehouse.duckdb")),
    ]
    for stage, place, fault in lost:
        in_flight = (stage, place) in _LOST_WITH_PROCESS
        yield Case("laptop", stage, place, fault, in_flight=in_flight, has_failed_job=in_flight, as_ordinary_user=True)


def _of_database() -> Iterator[Case]:
    for stage in (S.READ, S.WRITE_JSONL, S.WRITE_TABLE, S.WRITE_FILES, S.SUMMARY):
        yield Case("laptop", stage, BEFORE, kinds.DatabaseHeld())
    for stage in (S.READ, S.WRITE_TABLE):
        yield Case("laptop", stage, BEFORE, kinds.DatabaseHeld(interrupts=True))


_STAGES_WITH_S3 = (S.SENSOR, S.READ, S.WRITE_JSONL, S.READ_ANSWERS, S.WRITE_TABLE, S.WRITE_FILES, S.SUMMARY)


def _of_aws() -> Iterator[Case]:
    for stage in _STAGES_WITH_S3:
        yield Case("aws", stage, BEFORE, kinds.StorageRefuses("S3 500s", "InternalError"))
    for stage in (S.READ, S.WRITE_JSONL, S.WRITE_FILES):
        yield Case("aws", stage, BEFORE, kinds.StorageStumbles("S3 500s", "InternalError"))
    for stage in (S.READ, S.WRITE_JSONL, S.READ_ANSWERS, S.WRITE_FILES):
        yield Case("aws", stage, BEFORE, kinds.StorageStalls())
    for stage in (S.READ, S.WRITE_TABLE):
        yield Case("aws", stage, BEFORE, kinds.StorageStumbles("throttling", "SlowDown"))
    for stage, calls in ((S.SUBMIT, 2), (S.SUBMIT, 12), (S.WAIT, 2)):
        yield Case("aws", stage, BEFORE, kinds.BedrockThrottles(calls))
    for stage in Stage:
        yield Case("aws", stage, BEFORE, kinds.StorageRefuses("expired credentials", "ExpiredToken"))
    for stage in (S.READ, S.WRITE_FILES):
        yield Case("aws", stage, BEFORE, kinds.StorageRefuses("permission lost", "AccessDenied"))


def _of_time() -> Iterator[Case]:
    for stage, days in ((S.SENSOR, -400.0), (S.SUBMIT, 1.0), (S.WAIT, -400.0), (S.WRITE_FILES, 1.0)):
        yield Case("laptop", stage, BEFORE, kinds.ClockJumps(days))
    for stage, days in ((S.SUBMIT, -1.0), (S.WAIT, 400.0)):
        yield Case("aws", stage, BEFORE, kinds.ClockJumps(days))


def _of_others() -> Iterator[Case]:
    for stage in (S.READ, S.WAIT, S.WRITE_TABLE, S.WRITE_FILES):
        yield Case("laptop", stage, BEFORE, kinds.TwoAtOnce())
    for stage in (S.READ, S.SUBMIT, S.WRITE_TABLE):
        yield Case("aws", stage, BEFORE, kinds.TwoAtOnce())
        yield Case("aws", stage, BEFORE, kinds.TwoMachines())


def _of_restarts() -> Iterator[Case]:
    yield Case("laptop", S.SENSOR, BEFORE, kinds.DaemonRestarted(has_run=False))
    for stage in (S.READ, S.WAIT, S.WRITE_TABLE):
        lost = (stage, MIDDLE) in _LOST_WITH_PROCESS
        yield Case("laptop", stage, MIDDLE, kinds.DaemonRestarted(has_run=True), in_flight=lost)


def _of_changes() -> Iterator[Case]:
    earlier = [r"internal/(work/)?travel/[0-9a-f]+/", r"local_jobs/", r"_notes/"]
    for stage in (S.WRITE_JSONL, S.WAIT, S.READ_ANSWERS, S.WRITE_FILES):
        # What the earlier prompt was answered is not taken for an answer to the new one.
        was_asked = stage is not S.WRITE_JSONL
        yield Case("laptop", stage, MIDDLE, kinds.PromptChanged(), in_flight=was_asked, also_there=earlier)
    for stage in (S.SUBMIT, S.WRITE_TABLE):
        yield Case("aws", stage, MIDDLE, kinds.PromptChanged(), in_flight=True, also_there=earlier)


def _of_torn_files() -> Iterator[Case]:
    torn: list[tuple[Stage, Place, str, float]] = [
        (S.SUBMIT, BEFORE, "data/internal/travel/*/*/*.jsonl", 0.5),
        (S.SUBMIT, BEFORE, "data/internal/travel/*/*/*.jsonl", 0.0),
        (S.SUBMIT, BEFORE, "data/internal/travel/*/*/text_ids.txt", 0.5),
        (S.WAIT, MIDDLE, "data/local_jobs/*.json", 0.0),
        (S.READ_ANSWERS, BEFORE, "data/local_jobs/*.json", 0.5),
        (S.READ_ANSWERS, BEFORE, "data/internal/travel/*/*/*/*/*.jsonl.out", 0.5),
        (S.READ_ANSWERS, BEFORE, "data/internal/travel/*/*/*/*/manifest.json.out", 0.0),
        (S.WRITE_TABLE, BEFORE, "data/internal/travel/*/*/*/parsed_answers.arrow", 0.5),
        (S.SUMMARY, MIDDLE, "data/internal/travel/*/*/*/parsed_answers.arrow", 0.0),
    ]
    for stage, place, pattern, left in torn:
        # What is torn is asked again, for nobody has the answers: by the same job, or by another one for what is missing of its answers.
        yield Case(
            "laptop",
            stage,
            place,
            kinds.HalfWritten(pattern, left),
            in_flight=stage in (S.WAIT, S.READ_ANSWERS),
            has_failed_job=pattern.endswith(".jsonl.out"),
        )


CASES: list[Case] = [
    *_of_process("laptop"),
    *_of_process("aws"),
    *_of_permissions(),
    *_of_database(),
    *_of_aws(),
    *_of_time(),
    *_of_others(),
    *_of_restarts(),
    *_of_changes(),
    *_of_torn_files(),
]
