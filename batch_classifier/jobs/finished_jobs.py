"""What the sensor finished_jobs asks: which waiting request files can go on, since their jobs are over or have a place."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference, Job
from batch_classifier.jobs.turns import WaitingFile, models_with_unsent_jobs, whose_turn
from batch_classifier.notes.waiting import Waiting, WaitingNotes
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder, StoredFile

# The listing goes back some days; a job that is older, or not listed yet, costs a call of its own.
LOOK_UPS_AT_ONCE = 50
# A run that was requested and left no trace for this long is requested again.
_GIVEN_UP_SECONDS = 600.0

# A prompt's name and a request file.
FileOfPrompt = tuple[str, str]


@dataclass(frozen=True)
class Look:
    """What one look found: how many files wait, those that go on now, and those whose jobs' states or counts are new."""

    waiting: int
    going_on: Sequence[WaitingFile]
    changed: Sequence[WaitingFile]


@dataclass
class FinishedJobs:
    """Looks again and again, and remembers what it saw: it tells of each change once, and asks for each run once."""

    _notes: WaitingNotes = field(default_factory=WaitingNotes)
    _told: dict[FileOfPrompt, dict[str, str]] = field(default_factory=dict)
    _looked_up: dict[str, float] = field(default_factory=dict)
    _requested: dict[FileOfPrompt, tuple[StoredFile, float]] = field(default_factory=dict)

    def look(
        self,
        internal: Folder,
        inference: Inference,
        prompts: Mapping[str, Prompt],
        files_of: Callable[[str], set[str]],
        files_in_progress: Callable[[], set[FileOfPrompt]],
    ) -> Look:
        """See which of the files that wait can go on.

        `files_of` tells the request files of a prompt that can be run, `files_in_progress` those that a run is at; both are
        asked only when there are notes. Raises NotNow when the service is too busy to tell.
        """
        notes = [entry for entry in self._notes.read(internal) if entry[1].prompt in prompts]
        # A file that cannot be run any more must not hold up the others.
        known = {prompt: files_of(prompt) for prompt in {waiting.prompt for _, waiting in notes}}
        notes = [entry for entry in notes if entry[1].request_file in known[entry[1].prompt]]
        if not notes:
            return Look(0, (), ())
        note_of = {_file(waiting): note for note, waiting in notes}
        running = files_in_progress()
        files = self._with_jobs([waiting for _, waiting in notes], inference, prompts, running)
        models = models_with_unsent_jobs(files)
        places = {model: inference.free_places(prompts[file.waiting.prompt]) for model, file in models.items()}
        changed = [file for file in files if self._is_new(file)]
        going_on = [file for file in whose_turn(files, places) if self._is_due(file, note_of[_file(file.waiting)])]
        return Look(len(notes), going_on, changed)

    def _with_jobs(
        self,
        waiting: Sequence[Waiting],
        inference: Inference,
        prompts: Mapping[str, Prompt],
        running: set[FileOfPrompt],
    ) -> list[WaitingFile]:
        jobs = self._jobs_of(waiting, inference)
        by_name = {job.name: job for job in jobs.values()}
        return [
            WaitingFile(
                one,
                prompts[one.prompt].model.id,
                {name: jobs.get(arn) for name, arn in one.jobs.items()}
                | {name: by_name.get(name) for name in one.unsent},
                _file(one) in running,
            )
            for one in waiting
        ]

    def _jobs_of(self, waiting: Sequence[Waiting], inference: Inference) -> dict[str, Job]:
        """The jobs that the notes name, by ARN: from one listing, and some of those that are not in it looked up one by one."""
        jobs = {job.arn: job for job in inference.list_jobs()}
        missing = {arn for one in waiting for arn in one.jobs.values() if arn not in jobs}
        self._looked_up = {arn: moment for arn, moment in self._looked_up.items() if arn in missing}
        for arn in sorted(missing, key=lambda arn: self._looked_up.get(arn, 0.0))[:LOOK_UPS_AT_ONCE]:
            self._looked_up[arn] = time.monotonic()
            # One that cannot be looked up stays as it is until a person, or the nightly schedule, runs its file again.
            with contextlib.suppress(ClassifierError):
                jobs[arn] = inference.look_up(arn)
        return jobs

    def _is_new(self, file: WaitingFile) -> bool:
        """Whether a state or a count of the file's jobs has changed since it was told of."""
        standing = {name: job.progress for name, job in file.jobs.items() if job is not None}
        key = _file(file.waiting)
        if not standing or self._told.get(key) == standing:
            return False
        self._told[key] = standing
        return True

    def _is_due(self, file: WaitingFile, note: StoredFile) -> bool:
        """Whether a run should be requested: not twice while the note is the same, unless the run was given up."""
        key, now = _file(file.waiting), time.monotonic()
        note_before, moment = self._requested.get(key, (None, now))
        if note_before is not None and _is_same(note, note_before) and now - moment < _GIVEN_UP_SECONDS:
            return False
        self._requested[key] = (note, now)
        return True


def _file(waiting: Waiting) -> FileOfPrompt:
    return waiting.prompt, waiting.request_file


def _is_same(note: StoredFile, other: StoredFile) -> bool:
    return (note.fingerprint, note.modified) == (other.fingerprint, other.modified)
