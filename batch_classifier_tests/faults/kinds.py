"""What can go wrong, each thing done in earnest to a command that stands still at a stage, and how a person mends it."""

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from dagster import DagsterRunStatus

from batch_classifier.interrupts import EXIT_CODE
from batch_classifier_tests.faults import stops
from batch_classifier_tests.faults.project import CLASSIFY, PATIENCE_SECONDS, PROMPT, Project, Started

_BALLAST = "ballast"
_PIECE = bytes(1 << 16)
_WAITS_FOR_DATABASE = "Waiting for the database"
_WAITS = ("Waiting for another command", "waits for a place in the pool", _WAITS_FOR_DATABASE)
# After an interrupt, on a machine that is busy with other tests; the product takes five seconds at most.
_SOON_SECONDS = 40.0


class Fault:
    """A fault. It strikes a command that stands still, lets it go on, and is over when the command has ended.

    Attributes:
        name: as in the table.
        detail: what tells it from others of its name.
        passes: whether the command is to come to its end all the same.
    """

    name = ""
    detail = ""
    passes = False

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        """Do it, and let the command go on."""
        started.go()

    def mend(self, project: Project) -> None:
        """What a person does before starting again."""

    def start_again(self, project: Project, command: Sequence[str]) -> str:
        """What a person does then: the same command, which is to come to its end; returns what it said."""
        again = project.run(command)
        assert again.process.returncode == 0, again.said
        return again.said


class Killed(Fault):
    """`kill -9`, as by a power cut, an operator or the system when memory is short."""

    name = "kill -9"

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        os.kill(process_id, signal.SIGKILL)


class DaemonRestarted(Fault):
    """Dagster with its daemon, web server and runs is killed, as by a restart of the machine, and started again.

    A run that had begun is marked as failed by then, and the person has its file classified again.
    """

    name = "daemon restart"

    def __init__(self, has_run: bool) -> None:
        self.has_run = has_run

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        os.killpg(started.process.pid, signal.SIGKILL)

    def start_again(self, project: Project, command: Sequence[str]) -> str:
        dagster = project.start(command)
        dagster.wait_for(lambda: self._is_settled(project), "the end of all runs")
        dagster.process.send_signal(signal.SIGINT)
        dagster.end()
        if self.has_run:
            dropped = str(project.dropped.relative_to(project.folder))
            return super().start_again(project, ("classify", dropped, "--prompt", PROMPT))
        return dagster.said

    def _is_settled(self, project: Project) -> bool:
        wanted = DagsterRunStatus.FAILURE if self.has_run else DagsterRunStatus.SUCCESS
        return any(run.status is wanted for run in project.runs())


class OutOfMemory(Fault):
    """The process gets no more address space, from here to its end."""

    name = "out of memory"

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[0])
        used = pages * resource.getpagesize()
        resource.prlimit(process_id, resource.RLIMIT_AS, (used, used))
        (project.meeting / stops.HUNGRY).touch()
        started.go()


class DiskFull(Fault):
    """The project's disk has no byte left: on a small disk of its own, or by a limit where none can be mounted."""

    name = "disk full"

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        if project.folder.parent.is_mount():
            fill(project.folder / _BALLAST)
        else:
            resource.prlimit(process_id, resource.RLIMIT_FSIZE, (0, 0))
        started.go()

    def mend(self, project: Project) -> None:
        (project.folder / _BALLAST).unlink(missing_ok=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(_PIECE)
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0")


class PermissionLost(Fault):
    """The command's user may no longer read or write something; `what` gives the paths below the project's folder."""

    name = "permission lost"

    def __init__(self, *what: str, mode: int = 0) -> None:
        self.what = what
        self.mode = mode
        self._before: dict[Path, int] = {}

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        paths = [path for pattern in self.what for path in project.folder.glob(pattern)]
        assert paths, f"there is none of {self.what}"
        for path in paths:
            self._before[path] = stat.S_IMODE(path.stat().st_mode)
            path.chmod(self.mode)
        started.go()

    def mend(self, project: Project) -> None:
        for path, mode in self._before.items():
            path.chmod(mode)


class DatabaseHeld(Fault):
    """Another program has the database open. With `interrupts` the person gives up waiting; otherwise closes that program."""

    name = "database held"

    def __init__(self, interrupts: bool = False) -> None:
        self.passes = not interrupts
        self.detail = "and the wait interrupted" if interrupts else ""
        self._reader: subprocess.Popen[bytes] | None = None

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        path = project.data / "warehouse.duckdb"
        path.parent.mkdir(exist_ok=True)
        program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", program, str(path)]
        self._reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._reader.stdout is not None and self._reader.stdout.readline(), "the reader has not got the database"
        started.go()
        started.wait_for(lambda: _WAITS_FOR_DATABASE in started.said, "word of the wait for the database")
        if self.passes:
            self.mend(project)
        else:
            started.process.send_signal(signal.SIGINT)

    def mend(self, project: Project) -> None:
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None


class StorageRefuses(Fault):
    """S3 answers every call with an error: an outage, a session that has expired, a policy that was taken away."""

    def __init__(self, name: str, code: str) -> None:
        self.name = name
        self.code = code

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        assert project.storage is not None and project.emulator is not None
        project.storage.rule = lambda number, method, path: self.code
        if self.code == "ExpiredToken":
            # A session is one for all services.
            project.emulator.faults.expired_token_after_calls = 0
        started.go()

    def mend(self, project: Project) -> None:
        assert project.storage is not None and project.emulator is not None
        project.storage.rule = lambda number, method, path: None
        project.emulator.faults.expired_token_after_calls = None


class StorageStumbles(Fault):
    """Some calls of S3 fail, and pass when they are tried again."""

    detail = "every second call"
    passes = True

    def __init__(self, name: str, code: str, every: int = 2) -> None:
        self.name = name
        self.code = code
        self.every = every

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        assert project.storage is not None
        begins = project.storage.calls + 1
        project.storage.rule = lambda number, method, path: None if (number - begins) % self.every else self.code
        started.go()

    def mend(self, project: Project) -> None:
        assert project.storage is not None
        project.storage.rule = lambda number, method, path: None


class StorageStalls(Fault):
    """S3 takes calls and does not answer; the person has enough of it."""

    name = "S3 stalls"

    def __init__(self) -> None:
        self._answers = threading.Event()

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        assert project.storage is not None
        has_stalled = threading.Event()

        def stall(_number: int, _method: str, _path: str) -> None:
            has_stalled.set()
            self._answers.wait(PATIENCE_SECONDS)

        project.storage.rule = stall
        started.go()
        assert has_stalled.wait(PATIENCE_SECONDS), "S3 was not called"
        started.process.send_signal(signal.SIGINT)
        assert started.end(_SOON_SECONDS) == EXIT_CODE, started.said

    def mend(self, project: Project) -> None:
        assert project.storage is not None
        self._answers.set()
        project.storage.rule = lambda number, method, path: None


class BedrockThrottles(Fault):
    """Bedrock refuses calls with ThrottlingException, and takes them later."""

    name = "throttling"
    passes = True

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.detail = f"{calls} calls"

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        assert project.emulator is not None
        project.emulator.faults.throttled_creates = self.calls
        project.emulator.faults.throttled_reads = self.calls
        started.go()

    def mend(self, project: Project) -> None:
        assert project.emulator is not None
        project.emulator.faults.throttled_creates = project.emulator.faults.throttled_reads = 0


class ClockJumps(Fault):
    """The clock is set while the command runs, and right again when it is started again."""

    name = "clock jump"
    passes = True

    def __init__(self, days: float) -> None:
        self.days = days
        self.detail = f"by {days:+.0f} days"

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        (project.meeting / stops.CLOCK).write_text(str(self.days * 86_400))
        started.go()


class TwoAtOnce(Fault):
    """The same command once more on this machine while the first one is at its work; it waits for its turn."""

    name = "two at once"
    passes = True

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        with _meeting_kept(project):
            second = project.start(CLASSIFY)
        # It has come as far as it gets.
        second.wait_for(lambda: any(word in second.said for word in _WAITS), "word of a wait")
        started.go()
        assert second.end() == 0, second.said


class TwoMachines(Fault):
    """The same command on another machine, with the same account of AWS, from its beginning to its end while the first one is at its work."""

    name = "two machines at once"
    passes = True

    def strike(self, project: Project, started: Started, process_id: int) -> None:
        other = Project(
            project.folder.parent / "other", project.meeting.parent / "other_meeting", project.emulator, project.storage
        )
        try:
            second = other.run(CLASSIFY)
            assert second.process.returncode == 0, second.said
        finally:
            other.close()
        started.go()


@contextmanager
def _meeting_kept(project: Project) -> Iterator[None]:
    """A second command of the same project begins without touching what the first one waits for."""
    reached = project.meeting / stops.REACHED
    kept = reached.read_bytes()
    yield
    reached.write_bytes(kept)


class PromptChanged(Killed):
    """The command is killed, and before it is started again a colleague has changed the prompt."""

    name = "prompt changed"

    def mend(self, project: Project) -> None:
        project.change_prompt()


class HalfWritten(Killed):
    """A power cut: the command ends, and a file that it had put in place is empty or torn."""

    name = "half-written file"

    def __init__(self, pattern: str, left: float) -> None:
        self.pattern = pattern
        self.detail = f"{pattern.rsplit('/', 1)[-1]} {'torn' if left else 'empty'}"
        self.left = left

    def mend(self, project: Project) -> None:
        paths = [path for path in project.folder.glob(self.pattern) if path.is_file()]
        assert paths, f"there is none of {self.pattern}"
        for path in paths:
            os.truncate(path, int(path.stat().st_size * self.left))
