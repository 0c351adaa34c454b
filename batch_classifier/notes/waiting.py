"""Request files whose jobs are under way: noted by batch_job when it steps aside, looked after by the sensor `finished_jobs`."""

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import orjson

from batch_classifier.inference.interface import Job
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.notes import KnownNotes, Notes, OldNotes


@dataclass(frozen=True)
class Waiting:
    """A request file that waits: the ARN of each job in flight by name, and the names of the jobs that have no place yet.

    `goes_on_from` is the asset that a run then begins with, batch_job where it is empty. `since` is when it first stepped aside: the oldest is served first, among all prompts that share a model. `noted_at`
    is when it last did: two notes are never the same.
    """

    prompt: str
    request_file: str
    since: str
    jobs: dict[str, str] = field(default_factory=dict)
    unsent: Sequence[str] = ()
    model: str = ""
    noted_at: str = ""
    goes_on_from: str = ""


def note_waiting(
    internal: Folder,
    prompt: Prompt,
    request_file: str,
    jobs: Sequence[Job],
    unsent: Sequence[str],
    goes_on_from: str = "",
) -> None:
    """Note that a request file waits for these jobs; the time of an earlier note stays.

    `goes_on_from`: the asset that a run begins with when one of them is over, where it is not batch_job.
    """
    notes, name = _notes(internal), _name(prompt.name, request_file)
    earlier = notes.read(name)
    now = datetime.datetime.now(datetime.UTC).isoformat()
    since = orjson.loads(earlier)["since"] if earlier else now
    # Where another asset is to go on, it goes on at once.
    waited_for = {job.name: job.arn for job in jobs if goes_on_from or not job.state.is_over}
    waiting = Waiting(prompt.name, request_file, since, waited_for, unsent, prompt.model.id, now, goes_on_from)
    notes.write(name, orjson.dumps(asdict(waiting)))


def forget_waiting(internal: Folder, prompt: Prompt, request_file: str) -> None:
    """The request file waits no more."""
    forget_waiting_file(internal, prompt.name, request_file)


def forget_waiting_file(internal: Folder, prompt: str, request_file: str) -> None:
    """The same by the prompt's name, also where its file is gone."""
    _notes(internal).delete(_name(prompt, request_file))


def jobs_waited_for(internal: Folder, prompt: str) -> Iterator[tuple[str, str]]:
    """The jobs of a prompt that are under way or have no place yet: the request file that waits, and the job's name."""
    for _, waiting in WaitingNotes().read(internal):
        if waiting.prompt == prompt:
            for job in (*waiting.jobs, *waiting.unsent):
                yield waiting.request_file, job


def jobs_ahead(internal: Folder, prompt: Prompt, request_file: str, enough: int) -> int:
    """How many jobs of other files wait for a place at the prompt's model; not counted on from `enough`.

    None for a file that waits itself: the sensor has sent for it, in its turn.
    """
    notes = _notes(internal)
    if notes.is_there(_name(prompt.name, request_file)):
        return 0
    notes.move_old()
    ahead: set[str] = set()
    for file in notes.list():
        if len(ahead) >= enough:
            break
        if (content := internal.read_bytes(file.key)) is not None:
            waiting = Waiting(**orjson.loads(content))
            ahead.update(waiting.unsent if waiting.model == prompt.model.id else ())
    return len(ahead)


def _parse(content: bytes) -> Waiting:
    return Waiting(**orjson.loads(content))


@dataclass
class WaitingNotes:
    """Reads the notes, each once for as long as it does not change."""

    _known: KnownNotes[Waiting] = field(default_factory=lambda: KnownNotes(_parse))
    _old: OldNotes = field(default_factory=OldNotes)

    def read(self, internal: Folder) -> list[tuple[StoredFile, Waiting]]:
        """The notes as they are now, those that wait longest first."""
        notes = _notes(internal)
        self._old.move(notes)
        return sorted(self._known.read(notes), key=lambda entry: (entry[1].since, entry[0].key))


def _notes(internal: Folder) -> Notes:
    return Notes(internal, NoteKind.WAITING)


def _name(prompt: str, request_file: str) -> str:
    # A request file's name may hold what a key of the internal folder may not.
    return f"{prompt}/{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"
