"""Rendering that ends: a plain template in this process, any other in one of its own with limits on time and memory."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batch_classifier.prompts import rendering_process
from batch_classifier.prompts.plain_template import is_plain
from batch_classifier.prompts.rendering import TOO_LARGE, outcome

MEMORY_BYTES = 512_000_000
CPU_SECONDS = 2
# Time on the clock, on a machine that is busy with other things; the only limit on time where CPU time has none.
CLOCK_SECONDS = 20
_POLL_SECONDS = 0.05
_REMEMBERED = 256


class UnfitTemplate(Exception):
    """A template that does not render within the limits; the message says what is wrong, without a full stop."""


class BoundedRenderer:
    """Renders templates; the process for those that are not plain starts with the first of them and serves them all.

    Use it as a context manager, which ends the process.

    Args:
        memory_bytes: what the process may use.
        cpu_seconds: how long it may compute for one template, on POSIX systems.
        clock_seconds: how long one template may take.
    """

    def __init__(
        self, memory_bytes: int = MEMORY_BYTES, cpu_seconds: int = CPU_SECONDS, clock_seconds: int = CLOCK_SECONDS
    ) -> None:
        self.memory_bytes = memory_bytes
        self.cpu_seconds = cpu_seconds
        self.clock_seconds = clock_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "BoundedRenderer":
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def render(self, instructions: str, variables: Mapping[str, Any]) -> str:
        """The instructions with these variables filled in; raises UnfitTemplate."""
        found = (
            outcome(instructions, variables)
            if is_plain(instructions, variables)
            else self._in_its_process(instructions, variables)
        )
        if "fault" in found:
            raise UnfitTemplate(found["fault"])
        return found["text"]

    def _in_its_process(self, instructions: str, variables: Mapping[str, Any]) -> dict[str, str]:
        request = json.dumps({"instructions": instructions, "variables": variables}).encode()
        key = hashlib.sha256(request).digest()
        found = _outcomes.get(key)
        if found is None:
            found = self._ask(request)
            _remember(key, found)
        return found

    def _ask(self, request: bytes) -> dict[str, str]:
        """The answer of the process; one that gives none is over its limits, and has ended or is ended."""
        try:
            process = self._started()
        except OSError as error:
            raise UnfitTemplate(f"no process for it could be started ({error.strerror})") from error
        replies: list[bytes] = []
        exchange = threading.Thread(target=_exchange, args=(process, request, replies), daemon=True)
        exchange.start()
        deadline = time.monotonic() + self.clock_seconds
        is_too_large = is_too_long = False
        while exchange.is_alive() and not is_too_large and not is_too_long:
            exchange.join(_POLL_SECONDS)
            is_too_large = _memory_of(process) > self.memory_bytes
            is_too_long = time.monotonic() > deadline
        if replies and replies[0].endswith(b"\n"):
            return dict(json.loads(replies[0]))
        self._end()
        exchange.join()
        if is_too_large:
            return {"fault": TOO_LARGE}
        if is_too_long or process.returncode == -getattr(signal, "SIGXCPU", 0):
            return {"fault": "it takes too long"}
        return {"fault": "the process that rendered it broke down"}

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            # The clock there is for a process whose parent was killed; this one looks at its own.
            limits = [str(self.memory_bytes), str(self.cpu_seconds), str(self.clock_seconds + 10)]
            # The same modules as here, also where the folder they are in is only known to this process.
            path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", rendering_process.__name__, *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)


_outcomes: OrderedDict[bytes, dict[str, str]] = OrderedDict()


def _remember(key: bytes, found: dict[str, str]) -> None:
    """Keep what came of a template, so that a process which loads its prompts again pays for it once."""
    _outcomes[key] = found
    while len(_outcomes) > _REMEMBERED:
        _outcomes.popitem(last=False)


def _exchange(process: "subprocess.Popen[bytes]", request: bytes, replies: list[bytes]) -> None:
    """Send a request and wait for the reply; a process that ends meanwhile leaves none."""
    if process.stdin is None or process.stdout is None:
        return
    try:
        process.stdin.write(request + b"\n")
        process.stdin.flush()
        replies.append(process.stdout.readline())
    except (OSError, ValueError):
        return


def _memory_of(process: "subprocess.Popen[bytes]") -> int:
    """What the process uses, in bytes: the limit holds also where the system itself knows none."""
    import psutil

    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.Error:
        return 0


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return
