"""Texts that are too few for a job, of prompts that forbid asking on demand: they join the batch of the next file that comes.

Their files are noted; when a later file's batches go on their way, the noted ones run again and find their texts in them.
"""

import hashlib

import orjson

from batch_classifier.notes.reruns import Rerun, note_reruns
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.notes import Notes


def note_held_back(internal: Folder, prompt: Prompt, request_file: str) -> None:
    """Note that a request file waits for more texts."""
    content = orjson.dumps({"request_file": request_file})
    Notes(internal, NoteKind.HELD_BACK).write(_name(prompt.name, request_file), content)


def call_held_back(internal: Folder, prompt: Prompt, request_file: str) -> None:
    """Have the files that wait for more texts run again, now that this one's batches are on their way."""
    notes, own = Notes(internal, NoteKind.HELD_BACK), _name(prompt.name, request_file)
    notes.move_old(f"{prompt.name}/")
    found = {notes.name_of(file): internal.read_bytes(file.key) for file in notes.list(f"{prompt.name}/")}
    files = [orjson.loads(content)["request_file"] for name, content in found.items() if content and name != own]
    note_reruns(internal, [Rerun(prompt.name, file, "more texts have come") for file in files])
    for name in found:
        notes.delete(name)


def forget_held_back(internal: Folder, prompt: str, request_file: str) -> None:
    """The request file waits no more for others."""
    Notes(internal, NoteKind.HELD_BACK).delete(_name(prompt, request_file))


def _name(prompt: str, request_file: str) -> str:
    return f"{prompt}/{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"
