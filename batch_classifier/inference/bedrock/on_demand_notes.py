"""Notes of the jobs on demand on S3, and the leases that keep two processes from answering the same job."""

import contextlib
import datetime
import threading
from collections.abc import Iterator
from functools import cached_property

from batch_classifier.aws.clients import AwsClients
from batch_classifier.errors import ClassifierError
from batch_classifier.storage.internal_keys import NoteKind, notes_folder, old_notes_folder
from batch_classifier.storage.s3_folder import S3Folder

LEASE_SECONDS = 60.0


class OnDemandNotes(S3Folder):
    """The notes of the jobs on demand, with their leases. A job that an earlier version noted elsewhere is found there."""

    def __init__(self, internal: S3Folder, clients: AwsClients) -> None:
        super().__init__(internal.uri_of(notes_folder(NoteKind.ON_DEMAND_JOBS)), clients, internal.kms_key_id)
        self._old = S3Folder(internal.uri_of(old_notes_folder(NoteKind.ON_DEMAND_JOBS)), clients, internal.kms_key_id)

    def read_bytes(self, key: str) -> bytes | None:
        """A note's content, or None when it is not there."""
        content = super().read_bytes(key)
        return self._old.read_bytes(key) if content is None and self._has_old_notes else content

    @contextlib.contextmanager
    def held_lease(self, name: str) -> Iterator[bool]:
        """Hold the lease of a job; one that an earlier version began is leased where that version looks, too."""
        with contextlib.ExitStack() as leases:
            is_free = True
            if self._has_old_notes and next(self._old.list(f"leases/{name}/"), None) is not None:
                is_free = leases.enter_context(held_lease(self._old, name))
            yield is_free and leases.enter_context(held_lease(self, name))

    @cached_property
    def _has_old_notes(self) -> bool:
        # One listing spares a deployment without any a call for every job that is looked for.
        return next(self._old.list(), None) is not None


@contextlib.contextmanager
def held_lease(notes: S3Folder, name: str, seconds: float = LEASE_SECONDS) -> Iterator[bool]:
    """Hold the lease of a job, renewed until the end; False when another process holds one that is not stale.

    A lease is an object that only one can create; one that was not renewed for `seconds` belongs to a process that is gone.
    """
    number = _next_lease(notes, name, seconds)
    key = f"leases/{name}/{number:05d}"
    if number < 0 or not notes.create(key, b""):
        yield False
        return
    is_over = threading.Event()

    def renew() -> None:
        while not is_over.wait(seconds / 4):
            with contextlib.suppress(ClassifierError):
                notes.write_bytes(key, b"")

    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield True
    finally:
        is_over.set()
        renewing.join()
        notes.write_bytes(f"{key}-released", b"")


def _next_lease(notes: S3Folder, name: str, seconds: float) -> int:
    """The number of the lease that may be created now; -1 while another process holds one."""
    leases = {file.key.rsplit("/", 1)[-1]: file for file in notes.list(f"leases/{name}/")}
    newest = max((key for key in leases if not key.endswith("-released")), default=None)
    if newest is None:
        return 0
    is_free = f"{newest}-released" in leases or (_now(notes) - leases[newest].modified).total_seconds() > seconds
    return int(newest) + 1 if is_free else -1


def _now(notes: S3Folder) -> datetime.datetime:
    """The time on the clock that leases are dated by, which need not be this machine's."""
    key = "leases/clock"
    notes.write_bytes(key, b"")
    found = notes.find(key)
    return found.modified if found else datetime.datetime.now(datetime.UTC)
