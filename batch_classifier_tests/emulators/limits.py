"""What the emulator allows and how long its jobs take, with the defaults that AWS documents."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class Limits:
    """The quotas of an account; a test lowers them instead of sending 50,000 records."""

    records_per_job_at_least: int = 100
    records_per_job_at_most: int = 50_000
    records_per_file_at_most: int = 50_000
    file_bytes_at_most: int = 1024**3
    job_bytes_at_most: int = 5 * 1024**3
    active_jobs_per_model: int = 20


@dataclass
class Durations:
    """How many seconds a job stays in each state; all zero means that the first look finds it finished.

    With `one_state_per_poll` the seconds don't count: every get or list moves a job on by one state.
    """

    submitted: float = 0.0
    validating: float = 0.0
    scheduled: float = 0.0
    in_progress: float = 0.0
    stopping: float = 0.0
    one_state_per_poll: bool = False

    @classmethod
    def over(cls, seconds: float) -> "Durations":
        """Spread a whole job over so many seconds, half of them at work."""
        return cls(0.05 * seconds, 0.2 * seconds, 0.25 * seconds, 0.5 * seconds, 0.1 * seconds)


class EmulatedClock:
    """The emulator's time: the real one, or one that only moves when it is told to, and never backwards."""

    def __init__(self, runs_by_itself: bool = True) -> None:
        self._runs_by_itself = runs_by_itself
        self._started = datetime.now(UTC)
        self._advanced = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The emulated moment, in UTC."""
        with self._lock:
            return (datetime.now(UTC) if self._runs_by_itself else self._started) + self._advanced

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        if seconds < 0:
            raise ValueError("the clock does not go back")
        with self._lock:
            self._advanced += timedelta(seconds=seconds)
