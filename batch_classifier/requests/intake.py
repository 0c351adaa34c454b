"""Which request files are run: looked for again and again, each new or changed one found once."""

import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from batch_classifier.errors import ClassifierError
from batch_classifier.limits import Limits
from batch_classifier.notes.reruns import RerunNotes
from batch_classifier.notes.unreadable import FileOfPrompt, UnreadableNotes
from batch_classifier.prompts.changes import PromptChanges
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.requests.files_to_run import FilesToRun, Runs
from batch_classifier.requests.intake_decision import Decision, RunWanted, Standing, message_of
from batch_classifier.requests.request_files import WaitingFiles, changed_since, look
from batch_classifier.requests.s3_events import FileEvents
from batch_classifier.storage.folder import Folder

RUNS_A_TICK = 200
# Dagster's daemon reads all runs that are queued whenever it looks: thousands of them would take it more time than the runs. So
# many are minutes of work, and the next tick is seconds away.
QUEUED_AT_MOST = 200
# Where a queue tells of new files, the folder is listed only now and then, for what the queue did not tell.
LISTING_SECONDS = 900.0


@dataclass
class Intake:
    """Looks for request files, tick after tick, and remembers what this process has seen.

    Args:
        folder: the prompts that are loaded.
        changes: what has changed in the prompt files since.
        events: the queue that tells of new files; with it the folder is listed rarely.
    """

    folder: PromptFolder
    changes: PromptChanges
    events: FileEvents | None = None
    _tick: int = 0
    _seen: dict[FileOfPrompt, str] = field(default_factory=dict)
    _still_being_written: dict[str, str] = field(default_factory=dict)
    _reruns: RerunNotes = field(default_factory=RerunNotes)
    _reruns_wanted: set[str] = field(default_factory=set)
    _unreadable: UnreadableNotes = field(default_factory=UnreadableNotes)
    _listed_at: float | None = None

    def decide(
        self,
        customer: Folder,
        internal: Folder,
        limits: Limits,
        runs: Runs,
        last_tick: int,
        kept: Folder | None = None,
    ) -> Decision:
        """One tick. `last_tick` is the number of the last one that was recorded; 0 before the first.

        `kept` has the marks of what was forgotten: a file that was, and has not changed since, is not run.

        Raises ClassifierError when a folder cannot be read; then nothing of the tick has happened.
        """
        is_recorded = bool(self._tick) and last_tick == self._tick
        if not is_recorded:
            # Another process made the last tick, or it was lost: what this one remembers may not have been run.
            self._seen.clear()
            self._reruns_wanted.clear()
            self._listed_at = None
        # A tick that fails on its way was none: nothing that it has seen is recorded.
        self._tick = 0
        files = FilesToRun(
            self.folder, customer, limits, runs, self._unreadable.read(internal, self.folder.prompts), kept
        )
        waiting, fault = self._notices(is_recorded, customer)
        room = min(RUNS_A_TICK, max(QUEUED_AT_MOST - runs.queued(), 0))
        wanted = files.runs_of(waiting, self._seen, room)
        is_listed = self.events is None or fault is not None or self._is_listing_due()
        if is_listed:
            now = datetime.datetime.now(datetime.UTC)
            waiting = look(customer, set(self.folder.prompts), now, self._still_being_written)
            wanted += files.runs_of(waiting, self._seen, room - len(wanted))
            is_complete = not waiting.unfinished and next(changed_since(waiting, self._seen), None) is None
            self._listed_at = time.monotonic() if is_complete else None
        if self.events is not None:
            self.events.mark(self._seen)
        wanted += self._runs_again(internal, files)
        standing = {note: files.standing(note, waiting if is_listed else None) for note in files.unreadable.values()}
        still = [note for note, what in standing.items() if what is Standing.STANDS and not note.is_set_aside]
        changes = self.changes.sentence()
        unknown = 0 if self.events is None else self.events.unknown
        self._tick = last_tick + 1
        return Decision(
            tick=self._tick,
            runs=wanted,
            unreadable={name: [note for note in still if note.prompt == name] for name in self.folder.prompts},
            gone=[note for note, what in standing.items() if what is Standing.FILE_IS_GONE],
            set_aside=[note for note, what in standing.items() if what is Standing.PARTITION_IS_GONE],
            message=message_of(waiting, self.folder, [note.file for note in still], unknown, fault, changes)
            if room
            else f"{QUEUED_AT_MOST} runs are queued; further files follow as these begin.",
            fault=fault,
            changes=changes,
        )

    def _notices(self, is_recorded: bool, customer: Folder) -> tuple[WaitingFiles, str | None]:
        """What the queue tells of, and what is wrong with it: the folder is listed then, so no file waits for its repair."""
        if self.events is None:
            return WaitingFiles(), None
        try:
            self.events.confirm(is_recorded)
            return self.events.look(customer, set(self.folder.prompts)), None
        except ClassifierError as error:
            return WaitingFiles(), str(error)

    def _is_listing_due(self) -> bool:
        return self._listed_at is None or time.monotonic() - self._listed_at >= LISTING_SECONDS

    def _runs_again(self, internal: Folder, files: FilesToRun) -> Iterator[RunWanted]:
        """Runs for what is noted as to be run again. A note is removed a tick later, when its runs are certain."""
        for note, reruns in self._reruns.read(internal):
            if note in self._reruns_wanted:
                internal.delete(note)
                self._reruns_wanted.discard(note)
                continue
            self._reruns_wanted.add(note)
            for rerun in reruns:
                if files.may_run_again(rerun.prompt, rerun.request_file):
                    key = f"{note} {rerun.prompt}/{rerun.request_file}"
                    yield RunWanted(rerun.prompt, rerun.request_file, key, rerun.reason)
