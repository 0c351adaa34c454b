"""Texts that are too few for a job, of prompts that forbid asking on demand: they join the batch of the next file that comes.

Their files are noted; when a later file's batches go on their way, the noted ones run again and find their texts in them.
"""

import hashlib

import orjson

from batch_classifier.notes.reruns import Rerun, note_reruns
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder

_FOLDER = "held_back"


def note_held_back(internal: Folder, prompt: Prompt, request_file: str) -> None:
    """Note that a request file waits for more texts."""
    internal.write_bytes(_key(prompt, request_file), orjson.dumps({"request_file": request_file}))


def call_held_back(internal: Folder, prompt: Prompt, request_file: str) -> None:
    """Have the files that wait for more texts run again, now that this one's batches are on their way."""
    own = _key(prompt, request_file)
    notes = {file.key: internal.read_bytes(file.key) for file in internal.list(f"{_FOLDER}/{prompt.name}/")}
    files = [orjson.loads(content)["request_file"] for key, content in notes.items() if content and key != own]
    note_reruns(internal, [Rerun(prompt.name, file, "more texts have come") for file in files])
    for key in notes:
        internal.delete(key)


def _key(prompt: Prompt, request_file: str) -> str:
    return f"{_FOLDER}/{prompt.name}/{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"
