"""Commands of `batch-classifier` that the dashboard starts beside itself: it has no second way of doing what they do."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from batch_classifier.dashboard.project import settings

_LAST_BYTES = 4_000
# Corrections come one after another; files are written when nobody has made one for so long.
_QUIET_SECONDS = 20.0


@dataclass
class Child:
    """A command that was started; what it says is in its log."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it has ended otherwise than well."""
        return self.process.poll() not in (None, 0)

    def errors(self) -> list[str]:
        """The sentences that tell what went wrong; else its last line."""
        with self.log.open("rb") as file:
            file.seek(max(self.log.stat().st_size - _LAST_BYTES, 0))
            lines = file.read().decode(errors="replace").splitlines()
        told = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
        return told or [line for line in lines if line.strip()][-1:]


def start(arguments: Sequence[str], name: str) -> Child:
    """Start a command in the project's folder; it goes on when the dashboard ends."""
    folder = settings().home / "dashboard"
    settings().file_access.make_folder(folder)
    log = folder / f"{name}.log"
    log.unlink(missing_ok=True)
    settings().file_access.make_file(log)
    command = [sys.executable, "-m", "batch_classifier.command_line.main", *arguments]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    return Child(process, log)


@dataclass
class ResultsWriter:
    """Has the summaries and result files of corrected texts made anew, once nobody has corrected anything for a while.

    Attributes:
        since: the first set of corrections that they do not have yet; None where there is none.
    """

    prompt: str
    since: str | None = None
    child: Child | None = None
    _timer: threading.Timer | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def note(self, correction_set: str) -> None:
        """Take in a new set."""
        with self._turn:
            self.since = self.since or correction_set
            self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_QUIET_SECONDS, self.write)
        self._timer.daemon = True
        self._timer.start()

    def write(self) -> None:
        """Start now; what is being written already is waited for first."""
        with self._turn:
            if self.since is None:
                return
            if self.child is not None and self.child.is_running:
                self._wait()
                return
            since, self.since = self.since, None
            name = f"results_{self.prompt}"
            self.child = start(["corrections", "--prompt", self.prompt, "--results-since", since], name)
