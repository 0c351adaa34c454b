"""Request files that cannot be read: noted by raw_requests, and left alone by whoever asks for runs until they change."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

import orjson

from batch_classifier.limits import Limits
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.notes import KnownNotes, Notes

# A prompt's name and a request file.
FileOfPrompt = tuple[str, str]


@dataclass(frozen=True)
class Unreadable:
    """A request file that could not be read.

    Attributes:
        fingerprint: that of the content; empty where there was no file any more.
        read_with: the settings it was read with, as `reading_settings` has them.
        reason: the sentence that says what is wrong and what to do.
        noted_at: when it was tried last, in ISO 8601.
        is_set_aside: a person has removed its partition: it is still not to be run, but no longer a thing to complain of.
    """

    prompt: str
    request_file: str
    fingerprint: str
    read_with: str
    reason: str
    noted_at: str
    is_set_aside: bool = False

    @property
    def file(self) -> FileOfPrompt:
        """The prompt's name and the request file."""
        return self.prompt, self.request_file

    def holds_for(self, fingerprint: str, read_with: str) -> bool:
        """Whether reading this content, with these settings, would end in the same way."""
        return (self.fingerprint, self.read_with) == (fingerprint, read_with)


def reading_settings(prompt: Prompt, limits: Limits) -> str:
    """What stands for everything beside a file's content that decides whether it can be read."""
    content = orjson.dumps([prompt.input.text, asdict(limits)])
    return hashlib.sha256(content).hexdigest()[:16]


def note_unreadable(internal: Folder, unreadable: Unreadable) -> None:
    """Note that a file cannot be read, in the place of what was noted of it before."""
    Notes(internal, NoteKind.UNREADABLE).write(_name(unreadable.file), orjson.dumps(asdict(unreadable)))


def forget_unreadable(internal: Folder, file: FileOfPrompt) -> None:
    """The file can be read, or is gone; that nothing was noted of it is no error."""
    notes, name = Notes(internal, NoteKind.UNREADABLE), _name(file)
    if internal.find(notes.key(name)) is not None:
        notes.delete(name)


def set_aside(internal: Folder, unreadable: Unreadable) -> None:
    """Note that a person has removed the file's partition."""
    note_unreadable(internal, replace(unreadable, is_set_aside=True))


def read_unreadable(internal: Folder, prompts: Iterable[str]) -> dict[FileOfPrompt, Unreadable]:
    """What is noted for these prompts, by file."""
    return UnreadableNotes().read(internal, prompts)


def _parse(content: bytes) -> Unreadable:
    return Unreadable(**orjson.loads(content))


@dataclass
class UnreadableNotes:
    """Reads the notes again and again, each once for as long as it does not change."""

    _known: KnownNotes[Unreadable] = field(default_factory=lambda: KnownNotes(_parse))

    def read(self, internal: Folder, prompts: Iterable[str]) -> dict[FileOfPrompt, Unreadable]:
        """What is noted for these prompts now, by file."""
        wanted = set(prompts)
        found = {note.file: note for _, note in self._known.read(Notes(internal, NoteKind.UNREADABLE))}
        return {file: found[file] for file in sorted(found) if file[0] in wanted}


def _name(file: FileOfPrompt) -> str:
    # A request file's name may hold what a key of the internal folder may not.
    prompt, request_file = file
    return f"{prompt}/{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"
