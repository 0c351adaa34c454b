"""The launcher's side of the warm process: start it, have it begin runs, hear of their ends."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import batch_classifier
from batch_classifier.defs.run_launcher import forking

_LOGGER = logging.getLogger(__name__)

# It takes two seconds; a machine that is busy with other things takes many times as long.
START_SECONDS = 120.0


class CannotStart(Exception):
    """The warm process ended before it was ready; its output on the terminal says why."""


class WarmProcess:
    """A process that has imported what a run needs, and forks for each run.

    Args:
        on_end: told the run's id and the exit code of its process, negative for a signal, from a thread of this object's.

    Raises CannotStart.
    """

    def __init__(self, on_end: Callable[[str, int], None]) -> None:
        self.code = code_as_it_is()
        self._on_end = on_end
        self._lock = threading.Lock()
        self._begun: dict[str, Future[int]] = {}
        self._ready: Future[int] = Future()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", forking.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise CannotStart(f"no process could be started ({error.strerror}).") from error
        threading.Thread(target=self._listen, name="warm-process", daemon=True).start()
        try:
            self._ready.result(START_SECONDS)
        except (TimeoutError, RuntimeError) as error:
            self._process.kill()
            raise CannotStart("the process that should start them did not get ready.") from error

    @property
    def has_ended(self) -> bool:
        """Whether it is gone, and begins no more runs."""
        return self._process.poll() is not None

    @property
    def process_id(self) -> int:
        """Its process id."""
        return self._process.pid

    def launch(self, run_id: str, arguments: Sequence[str]) -> int:
        """Begin a run, with these arguments to `dagster`; returns its process id. Raises RuntimeError when it has ended."""
        begun: Future[int] = Future()
        request = json.dumps({"run_id": run_id, "arguments": list(arguments)}).encode() + b"\n"
        with self._lock:
            self._begun[run_id] = begun
            try:
                if self._process.stdin is None:
                    raise BrokenPipeError
                self._process.stdin.write(request)
                self._process.stdin.flush()
            except (OSError, ValueError):
                begun.set_exception(_ended())
        return begun.result(START_SECONDS)

    def close(self) -> None:
        """Have it end once the runs that it has begun are over; it is not waited for."""
        with self._lock:
            if self._process.stdin is not None:
                try:
                    self._process.stdin.close()
                except OSError:
                    return

    def _listen(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as replies:
            for line in replies:
                self._take(json.loads(line))
        self._process.wait()
        with self._lock:
            waiting, self._begun = [self._ready, *self._begun.values()], {}
        for one in waiting:
            if not one.done():
                one.set_exception(_ended())

    def _take(self, reply: dict[str, Any]) -> None:
        if "ready" in reply:
            self._ready.set_result(reply["ready"])
        elif "begun" in reply:
            with self._lock:
                begun = self._begun.pop(reply["run_id"], None)
            if begun is not None:
                begun.set_result(reply["begun"])
        else:
            try:
                self._on_end(reply["run_id"], reply["ended"])
            except Exception:
                # Whatever keeps one end from being noted, as a database that is locked, the others must still be heard of.
                _LOGGER.exception("The end of the run %s could not be noted.", reply["run_id"])


def _ended() -> RuntimeError:
    return RuntimeError("The process that begins runs has ended; materialize again, the next run starts another.")


def code_as_it_is() -> tuple[int, int]:
    """The number and the newest time of the package's files: another one than before means that code has changed."""
    times = [path.stat().st_mtime_ns for path in Path(batch_classifier.__file__).parent.rglob("*.py")]
    return len(times), max(times)
