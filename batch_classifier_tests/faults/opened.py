"""A fresh project in a place of its own: a folder or a small disk, and at AWS an account."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from batch_classifier_tests.emulators.limits import Durations
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.emulators.storage_faults import StorageFaults
from batch_classifier_tests.faults.cases import Where
from batch_classifier_tests.faults.project import CUSTOMER, INTERNAL, Project

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
