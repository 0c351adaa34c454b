"""A progress bar for the terminal; without a terminal, a line for each stage."""

import sys
import threading
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_STAGES = {
    "raw_requests": "Reading rows",
    "bedrock_jsonl": "Writing batches",
    "batch_job": "Classifying texts",
    "classifications": "Joining answers",
}


class TerminalProgress:
    """Shows the stages of a run as bars, each with its count."""

    def __init__(self) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr),
            transient=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "TerminalProgress":
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def report(self, stage: str, done: int, total: int | None, log: Callable[[str], None]) -> None:
        """Move the stage's bar."""
        with self._lock:
            if stage not in self._tasks:
                self._tasks[stage] = self.progress.add_task(_STAGES.get(stage, stage), total=total)
            self.progress.update(self._tasks[stage], completed=done, total=total if total is not None else done)
