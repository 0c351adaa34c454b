"""Which batches a person lets pass though they are over a budget: noted until the file is through, for others may finish its work."""

import hashlib
from collections.abc import Iterable

import orjson

from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind, notes_folder


def note_approval(internal: Folder, prompt: str, request_file: str, batches: Iterable[str]) -> None:
    """Let these batches of a file pass, with those that passed before."""
    names = approved_batches(internal, prompt, request_file).union(batches)
    content = orjson.dumps({"request_file": request_file, "batches": sorted(names)})
    internal.write_bytes(_key(prompt, request_file), content)


def approved_batches(internal: Folder, prompt: str, request_file: str) -> frozenset[str]:
    """The batches of a file that pass."""
    content = internal.read_bytes(_key(prompt, request_file))
    return frozenset(orjson.loads(content)["batches"]) if content else frozenset()


def forget_approval(internal: Folder, prompt: str, request_file: str) -> None:
    """The file is through: what comes of it later needs another word."""
    internal.delete(_key(prompt, request_file))


def _key(prompt: str, request_file: str) -> str:
    name = hashlib.sha256(request_file.encode()).hexdigest()[:32]
    return f"{notes_folder(NoteKind.BUDGETS)}/{prompt}/approved/{name}.json"
