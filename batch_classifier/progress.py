"""How far the work is: told to whoever watches, which is the run's log in Dagster and a bar on the command line."""

import time
from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """Somebody who watches. `total` is None while it is not known."""

    def report(self, stage: str, done: int, total: int | None, log: Callable[[str], None]) -> None:
        """A stage (an asset's name) has got so far; `log` writes to the run's log."""


class LogProgress:
    """Writes a line to the run's log, at most one every few seconds."""

    def __init__(self, every_seconds: float = 10.0) -> None:
        self.every_seconds = every_seconds
        self._last: dict[str, float] = {}

    def report(self, stage: str, done: int, total: int | None, log: Callable[[str], None]) -> None:
        """Log it when it is time to."""
        now = time.monotonic()
        if now - self._last.setdefault(stage, now) >= self.every_seconds:
            log(f"{stage}: {done:,}" + (f" of {total:,}" if total is not None else ""))
            self._last[stage] = now
