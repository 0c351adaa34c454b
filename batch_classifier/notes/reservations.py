"""What files have reserved of a prompt's budget for a month, before their jobs are sent: one state, which only one run at a time changes.

Each change is a note of its own, numbered, that holds the whole state. It is written only if there is none of its number, so of
two runs that decide at once one has to look again. The clock of months is UTC.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import orjson

from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind, notes_folder

# Older states are removed; whoever still decides by one of them finds that out.
_STATES_KEPT = 50


@dataclass(frozen=True)
class Reservation:
    """What one job may cost at most.

    Attributes:
        job: the job's name, by which the service knows it once it is sent.
        renewed_at: when the run that holds it was last known to be alive, in ISO form.
        stays: whether somebody will come back for the job, whatever becomes of that run.
    """

    request_file: str
    job: str
    usd: float
    renewed_at: str
    stays: bool = False

    def age(self) -> datetime.timedelta:
        """How long ago its run gave a sign of life."""
        return datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(self.renewed_at)


State = Mapping[str, Reservation]


@dataclass(frozen=True)
class Reservations:
    """The reservations of one prompt in one month, by batch and attempt."""

    internal: Folder
    prompt: str
    month: str

    def read(self) -> State:
        """The state as it is now."""
        return self._newest()[1]

    def change(self, decide: Callable[[State], State]) -> None:
        """Put what `decide` makes of the state in its place; it is asked again where another run was quicker, and may raise."""
        while True:
            number, state = self._newest()
            changed = decide(state)
            if changed == state or self._put(number + 1, changed):
                return

    @property
    def _folder(self) -> str:
        return f"{notes_folder(NoteKind.BUDGETS)}/{self.prompt}/{self.month}/"

    def _key(self, number: int) -> str:
        return f"{self._folder}{number:010d}.json"

    def _numbers(self) -> list[int]:
        names = (file.key.removeprefix(self._folder).removesuffix(".json") for file in self.internal.list(self._folder))
        return sorted(int(name) for name in names)

    def _newest(self) -> tuple[int, State]:
        while numbers := self._numbers():
            content = self.internal.read_bytes(self._key(numbers[-1]))
            if content is not None:
                return numbers[-1], {key: Reservation(**one) for key, one in orjson.loads(content).items()}
        return 0, {}

    def _put(self, number: int, state: State) -> bool:
        content = orjson.dumps({key: asdict(one) for key, one in state.items()})
        with self.internal.spool() as path:
            path.write_bytes(content)
            if not self.internal.publish_new(path, self._key(number)):
                return False
        numbers = self._numbers()
        if numbers[-1] > number and number + 1 not in numbers:
            # This run slept so long that its number was free again: what it decided by was old.
            self.internal.delete(self._key(number))
            return False
        if self.internal.read_bytes(self._key(number)) != content:
            # Some that speak S3 look and write in two steps, and let two at once have the same number.
            return False
        for old in numbers:
            if old <= number - _STATES_KEPT:
                self.internal.delete(self._key(old))
        return True


def this_month() -> str:
    """The month as it is in UTC, as in 2026-11."""
    return f"{datetime.datetime.now(datetime.UTC):%Y-%m}"


def month_before() -> str:
    """The month before this one."""
    first = datetime.datetime.now(datetime.UTC).replace(day=1)
    return f"{first - datetime.timedelta(days=1):%Y-%m}"
