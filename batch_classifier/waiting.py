"""Request files whose jobs are under way: noted by batch_job when it steps aside, looked after by the sensor `finished_jobs`."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import orjson

from batch_classifier.inference.interface import Job
from batch_classifier.storage import Folder, StoredFile

_FOLDER = "waiting"


@dataclass(frozen=True)
class Waiting:
    """A request file that waits: the ARN of each job in flight by name, and how many batches wait for a place.

    `since` is when it first stepped aside: the oldest is served first.
    """

    prompt: str
    request_file: str
    since: str
    jobs: dict[str, str] = field(default_factory=dict)
    unsent: int = 0


def note_waiting(internal: Folder, prompt: str, request_file: str, jobs: Sequence[Job], unsent: int) -> None:
    """Note that a request file waits for these jobs; the time of an earlier note stays."""
    key = _key(prompt, request_file)
    earlier = internal.read_bytes(key)
    since = orjson.loads(earlier)["since"] if earlier else datetime.datetime.now(datetime.UTC).isoformat()
    waiting = Waiting(prompt, request_file, since, {job.name: job.arn for job in jobs if not job.state.is_over}, unsent)
    internal.write_bytes(key, orjson.dumps(asdict(waiting)))


def forget_waiting(internal: Folder, prompt: str, request_file: str) -> None:
    """The request file waits no more."""
    internal.delete(_key(prompt, request_file))


@dataclass
class WaitingNotes:
    """Reads the notes, each once for as long as it does not change: a thousand of them cost one listing a look."""

    _known: dict[str, tuple[StoredFile, Waiting]] = field(default_factory=dict)

    def read(self, internal: Folder) -> list[tuple[StoredFile, Waiting]]:
        """The notes as they are now, those that wait longest first."""
        found: dict[str, tuple[StoredFile, Waiting]] = {}
        for file in internal.list(f"{_FOLDER}/"):
            known = self._known.get(file.key)
            if known is not None and known[0].fingerprint == file.fingerprint and known[0].modified == file.modified:
                found[file.key] = known
            elif (content := internal.read_bytes(file.key)) is not None:
                found[file.key] = (file, Waiting(**orjson.loads(content)))
        self._known = found
        return sorted(found.values(), key=lambda entry: (entry[1].since, entry[0].key))


def _key(prompt: str, request_file: str) -> str:
    # A request file's name may hold what a key of the internal folder may not.
    return f"{_FOLDER}/{prompt}/{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"
