"""Retention of internal files in a local folder: old batches and their answers are removed. On S3 the bucket's rule does it."""

import datetime
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.notes import Notes
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BEDROCK_JSONL, CLASSIFICATIONS


@dataclass(frozen=True)
class Retention:
    """How long internal files are kept, and where this machine notes its jobs: without its batch, a job is none either."""

    days: int
    job_notes: LocalFolder


@dataclass(frozen=True)
class Removed:
    """What was removed."""

    batches: int = 0
    notes: int = 0
    bytes: int = 0


def remove_expired(
    retention: Retention, internal: Folder, warehouse: Warehouse, prompts: Sequence[str], now: datetime.datetime
) -> Removed:
    """Remove the batches of these prompts, with their answers, and the notes of alerts, that are older than the retention.

    A batch stays as long as one of its files is young, or a request file's classifications have not read it. Raises
    ClassifierError when the warehouse cannot say.
    """
    if not isinstance(internal, LocalFolder):
        return Removed()
    before = now - datetime.timedelta(days=retention.days)
    batches = size = 0
    for prompt in prompts:
        expired = [entry for entry in _batches(internal, prompt) if all(file.modified < before for file in entry[1])]
        unread = _unread(warehouse, prompt) if expired else set()
        for folder, files in expired:
            batch = folder.rsplit("/", 1)[-1]
            if batch not in unread:
                _remove_batch(retention, internal, folder, batch)
                batches += 1
                size += sum(file.size for file in files)
    alerts = Notes(internal, NoteKind.ALERTS)
    notes = [file for file in (*alerts.list(), *alerts.list_old()) if file.modified < before]
    for note in notes:
        internal.delete(note.key)
    size += sum(note.size for note in notes) + _remove_unfinished(internal.spool_directory(), before)
    return Removed(batches, len(notes), size)


def _batches(internal: LocalFolder, prompt: str) -> Iterator[tuple[str, list[StoredFile]]]:
    """The folder of every batch of a prompt, of whatever version, with its files."""
    found: dict[str, list[StoredFile]] = {}
    for file in internal.list(f"{prompt}/"):
        parts = file.key.split("/")
        if len(parts) > 3:
            found.setdefault("/".join(parts[:3]), []).append(file)
    yield from found.items()


def _unread(warehouse: Warehouse, prompt: str) -> set[str]:
    """Batches whose answers some request file has still to read, of whatever version and model."""
    made, read = warehouse.name(prompt, BEDROCK_JSONL), warehouse.name(prompt, CLASSIFICATIONS)
    sql = f"""
        select distinct batch from {made} as made
        where not exists (
            select 1 from {read} as read where read.batch = made.batch and read.request_file = made.request_file
        )
    """
    return {row["batch"] for row in warehouse.query(prompt, sql)}


def _remove_batch(retention: Retention, internal: LocalFolder, folder: str, batch: str) -> None:
    # The job's note goes first: were it left, the same texts would not be sent again when they are needed again.
    for file in list(retention.job_notes.list()):
        if f"-{batch}-" in file.key:
            retention.job_notes.delete(file.key)
    # Then the list of texts: a batch without it is known to be gone, while one without answers would look unanswered.
    internal.delete(f"{folder}/text_ids.txt")
    internal.delete_folder(folder)


def _remove_unfinished(spool: Path, before: datetime.datetime) -> int:
    """Remove what killed processes left half-written; returns the bytes."""
    size = 0
    for path in spool.iterdir() if spool.is_dir() else ():
        state = path.lstat()
        if state.st_mtime < before.timestamp():
            size += state.st_size
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return size
