"""Request files that are to run again: noted in the internal folder by whoever finds them, requested by the sensor."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import orjson

from batch_classifier.storage.folder import Folder

_FOLDER = "rerun_requests"


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
        internal.write_bytes(f"{_FOLDER}/{moment}.json", orjson.dumps([asdict(rerun) for rerun in reruns]))


def noted_reruns(internal: Folder) -> Iterator[tuple[str, list[Rerun]]]:
    """The reruns that are asked for, by the key of their note, oldest first."""
    for file in sorted(internal.list(f"{_FOLDER}/"), key=lambda file: file.key):
        content = internal.read_bytes(file.key)
        if content is not None:
            yield file.key, [Rerun(**rerun) for rerun in orjson.loads(content)]
