"""Request files that are to run again: noted in the internal folder by whoever finds them, requested by the sensor."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import orjson

from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.notes import Notes, OldNotes


@dataclass(frozen=True)
class Rerun:
    """A request file of a prompt, and why it should run again."""

    prompt: str
    request_file: str
    reason: str


def note_reruns(internal: Folder, reruns: Sequence[Rerun]) -> None:
    """Ask for these reruns."""
    if reruns:
        moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
        content = orjson.dumps([asdict(rerun) for rerun in reruns])
        Notes(internal, NoteKind.RERUN_REQUESTS).write(f"{moment}.json", content)


@dataclass
class RerunNotes:
    """Reads the notes of reruns, again and again."""

    _old: OldNotes = field(default_factory=OldNotes)

    def read(self, internal: Folder) -> Iterator[tuple[str, list[Rerun]]]:
        """The reruns that are asked for, by the key of their note, oldest first."""
        notes = Notes(internal, NoteKind.RERUN_REQUESTS)
        self._old.move(notes)
        for file in sorted(notes.list(), key=lambda file: file.key):
            content = internal.read_bytes(file.key)
            if content is not None:
                yield file.key, [Rerun(**rerun) for rerun in orjson.loads(content)]


def forget_reruns(internal: Folder, prompt: str, request_file: str) -> None:
    """Have no rerun of a request file be asked for any more."""
    for key, reruns in list(RerunNotes().read(internal)):
        left = [rerun for rerun in reruns if (rerun.prompt, rerun.request_file) != (prompt, request_file)]
        if len(left) < len(reruns):
            internal.write_bytes(key, orjson.dumps([asdict(rerun) for rerun in left]))
