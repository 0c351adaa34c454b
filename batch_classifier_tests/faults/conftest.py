"""Projects for the suite of faults, and what undisturbed runs come to."""

import os
import pickle
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from batch_classifier_tests.emulators.limits import Durations
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.emulators.storage_faults import StorageFaults
from batch_classifier_tests.faults.cases import Where
from batch_classifier_tests.faults.comparison import Outcome
from batch_classifier_tests.faults.project import CLASSIFY, CUSTOMER, INTERNAL, Project

_DISK_BYTES = 96 << 20


@contextmanager
def opened(where: Where, on_small_disk: bool = False, as_ordinary_user: bool = False) -> Iterator[Project]:
    """A fresh project; at AWS with an account of its own."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True)))
        place.chmod(0o755)
        disk, emulator, storage = place / "disk", None, None
        disk.mkdir()
        if on_small_disk:
            stack.enter_context(_mounted(disk))
        if where == "aws":
            storage = StorageFaults("pipeline")
            emulator = BedrockEmulator(durations=Durations(in_progress=0.3))
            emulator.guard(storage)
            stack.enter_context(emulator)
            emulator.create_buckets(CUSTOMER, INTERNAL)
        project = Project(disk / "project", place / "meeting", emulator, storage, as_ordinary_user)
        stack.callback(project.close)
        yield project


@contextmanager
def _mounted(folder: Path) -> Iterator[None]:
    """A small disk there, where this user may mount one."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    is_there = (
        mount is not None
        and not subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    )
    try:
        yield
    finally:
        if is_there and unmount is not None:
            subprocess.run([unmount, "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Where, bool], Outcome]:
    """What an undisturbed run comes to, with the prompt as it is or as a colleague has changed it; run once for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    @cache
    def run(where: Where, is_changed: bool) -> Outcome:
        kept = shared / f"undisturbed-{where}-{is_changed}.pickle"
        with FileLock(f"{kept}.lock"):
            if not kept.exists():
                kept.write_bytes(pickle.dumps(run_undisturbed(where, is_changed)))
            found: Outcome = pickle.loads(kept.read_bytes())  # noqa: S301 (written by another of these workers)
            return found

    return run


def run_undisturbed(where: Where, is_changed: bool) -> Outcome:
    """One run without a fault, which has to be as it should for the comparison to mean something."""
    with opened(where) as project:
        if is_changed:
            project.change_prompt()
        started = project.run(CLASSIFY)
        assert started.process.returncode == 0, started.said
        outcome = project.outcome()
    rows = outcome.tables["classifications"]
    assert len(rows) == 160 and len(outcome.asked) == 130 and len({row["class"] for row in rows}) >= 4
    assert not (outcome.slots or outcome.runs or outcome.locks or outcome.left_over)
    return outcome
