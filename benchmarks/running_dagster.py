"""A project in a folder of its own with `batch-classifier ui` running in it, and what its processes take."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_ROOT = Path(__file__).parent.parent
_END_SECONDS = 60.0
# By what stands in its command line, the first that fits.
_ROLES = {
    "batch_classifier.defs.run_launcher.forking": "runs",
    "multiprocessing.spawn": "runs",
    "dagster._daemon": "daemon",
    "dagster_webserver": "web server",
    "api grpc": "sensors",
}
OTHERS = "others"
_MB = 1e6


@dataclass
class Usage:
    """What the processes of one role took together.

    Attributes:
        cpu_seconds: their own, and those of processes that they have begun and that are over.
        first_mb: memory when it was first looked at, after all had started.
        peak_mb: the most.
        last_mb: when it was last looked at.
    """

    cpu_seconds: float = 0.0
    first_mb: float = 0.0
    peak_mb: float = 0.0
    last_mb: float = 0.0


@dataclass
class RunningDagster:
    """Dagster's processes, looked at now and then."""

    process: psutil.Process
    is_warm: bool
    usage: dict[str, Usage] = field(default_factory=dict)
    _ended: dict[int, tuple[str, float]] = field(default_factory=dict)

    def look(self) -> None:
        """Note what each role takes now. Of runs the largest one counts, for most of their memory is shared."""
        memory: dict[str, float] = {}
        for process in [self.process, *self.process.children(recursive=True)]:
            try:
                command = " ".join(process.cmdline())
                times, resident = process.cpu_times(), process.memory_info().rss / _MB
            except psutil.Error:
                continue
            role = next((role for part, role in _ROLES.items() if part in command), OTHERS)
            seconds = times.user + times.system + times.children_user + times.children_system
            self._ended[process.pid] = role, seconds
            memory[role] = max(memory.get(role, 0.0), resident) if role == "runs" else memory.get(role, 0.0) + resident
        for role, megabytes in memory.items():
            usage = self.usage.setdefault(role, Usage(first_mb=megabytes))
            usage.peak_mb, usage.last_mb = max(usage.peak_mb, megabytes), megabytes
        for usage in self.usage.values():
            usage.cpu_seconds = 0.0
        for role, seconds in self._counted():
            self.usage.setdefault(role, Usage()).cpu_seconds += seconds

    def _counted(self) -> Iterator[tuple[str, float]]:
        """The seconds of each process that nobody else counts: a run's are its parent's once it is over.

        Runs that Dagster's own launcher has begun are children of the process of the sensors.
        """
        runs = [seconds for role, seconds in self._ended.values() if role == "runs"]
        if runs and self.is_warm:
            yield "runs", max(runs)
        yield from ((role, seconds) for role, seconds in self._ended.values() if role != "runs")


@contextmanager
def running_dagster(
    home: Path, settings: Mapping[str, str], dagster_yaml: Path | None = None
) -> Iterator[RunningDagster]:
    """`batch-classifier ui` in a folder that gets the project's own files; ended at the end, whatever happened."""
    shutil.copy(dagster_yaml or _ROOT / "dagster.yaml", home / "dagster.yaml")
    shutil.copy(_ROOT / "workspace.yaml", home)
    shutil.copytree(_ROOT / "prompts", home / "prompts", dirs_exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("BATCH_CLASSIFIER_", "DAGSTER_"))}
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "batch_classifier.command_line.main", "ui", "--port", str(_free_port())]
    with (home / "dagster.log").open("wb") as log:
        started = subprocess.Popen(
            command,
            cwd=home,
            env={**own, **settings, "PYTHONPATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            is_warm = "WarmRunLauncher" in (home / "dagster.yaml").read_text(encoding="utf-8")
            yield RunningDagster(psutil.Process(started.pid), is_warm)
        finally:
            _end(started)


def _end(started: "subprocess.Popen[bytes]") -> None:
    """As by Ctrl-C at the terminal; what does not end by it is killed."""
    family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
    os.killpg(started.pid, signal.SIGINT)
    _, alive = psutil.wait_procs(family, _END_SECONDS)
    for process in alive:
        process.kill()
    started.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_ready(home: Path, seconds: float = 120.0) -> None:
    """Wait until the sensors tick for the first time; raises TimeoutError with the end of Dagster's log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        log = (home / "dagster.log").read_text(encoding="utf-8", errors="replace")
        if "SensorDaemon" in log and "Checking for new runs for sensor" in log:
            return
        time.sleep(0.5)
    raise TimeoutError((home / "dagster.log").read_text(encoding="utf-8", errors="replace")[-2000:])
