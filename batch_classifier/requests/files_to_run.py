"""Which of the request files that are found are to be run, and what becomes of those that cannot be read, at one look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from batch_classifier.limits import Limits
from batch_classifier.notes.forgotten import is_file_forgotten
from batch_classifier.notes.unreadable import FileOfPrompt, Unreadable, reading_settings
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.requests.intake_decision import FileFacts, RunWanted, Standing, Verdict, standing_of, verdict_on
from batch_classifier.requests.request_files import WaitingFiles, changed_since, input_key
from batch_classifier.storage.folder import Folder, StoredFile

# After a restart every known file is compared with what was read of it last, so many at a look.
CHECKS_A_LOOK = 500


class Runs(Protocol):
    """What the orchestrator knows of a prompt's request files."""

    def request_files(self, prompt: str) -> set[str]:
        """Those that have a partition."""

    def is_in_progress(self, prompt: str, request_file: str) -> bool:
        """Whether a run is at one."""

    def fingerprint_read(self, prompt: str, request_file: str) -> str | None:
        """The fingerprint of what was read of one last, by whatever run; None where it was never read."""

    def queued(self) -> int:
        """How many runs, of whatever file, have yet to begin."""


@dataclass
class FilesToRun:
    """What one look knows of request files, and what it makes of it.

    Attributes:
        folder: the prompts that are loaded.
        unreadable: what is noted of files that cannot be read.
        kept: the folder of the marks of what was forgotten.
    """

    folder: PromptFolder
    customer: Folder
    limits: Limits
    runs: Runs
    unreadable: Mapping[FileOfPrompt, Unreadable]
    kept: Folder | None = None
    _partitions: dict[str, set[str]] = field(default_factory=dict)

    def runs_of(self, waiting: WaitingFiles, seen: dict[FileOfPrompt, str], limit: int) -> list[RunWanted]:
        """Runs for the files that are new or have changed, at most so many; `seen` is brought up to date."""
        wanted: list[RunWanted] = []
        checks = 0
        # New files first: those that this process only has to recognise can wait a tick.
        changed = sorted(changed_since(waiting, seen), key=lambda entry: self._has_partition(entry[0], entry[1]))
        for prompt, request_file, file in changed:
            if len(wanted) >= limit or checks >= CHECKS_A_LOOK:
                break
            checks += self._has_partition(prompt, request_file)
            verdict = verdict_on(self._facts(prompt, request_file, file))
            if verdict is Verdict.LATER:
                continue
            seen[prompt, request_file] = file.fingerprint
            if verdict is Verdict.RUN:
                wanted.append(RunWanted(prompt, request_file, self._key(prompt, request_file, file)))
        return wanted

    def may_run_again(self, prompt: str, request_file: str) -> bool:
        """Whether a run that somebody has asked for is to be made."""
        if prompt not in self.folder.prompts or self.runs.is_in_progress(prompt, request_file):
            return False
        if (prompt, request_file) not in self.unreadable:
            return True
        file = self.customer.find(input_key(prompt, request_file))
        return file is not None and not self._cannot_be_read(prompt, request_file, file)

    def standing(self, note: Unreadable, listed: WaitingFiles | None) -> Standing:
        """What becomes of a note; whether its file is there is only looked at where the folder has been listed."""
        standing = standing_of(
            is_file_gone=listed is not None and self._is_gone(note, listed),
            is_partition_gone=not self._has_partition(note.prompt, note.request_file),
            is_set_aside=note.is_set_aside,
        )
        # Asked last, and rarely: there may be many notes.
        if standing is not Standing.STANDS and self.runs.is_in_progress(note.prompt, note.request_file):
            return Standing.STANDS
        return standing

    def _facts(self, prompt: str, request_file: str, file: StoredFile) -> FileFacts:
        if self._cannot_be_read(prompt, request_file, file):
            return FileFacts(file.fingerprint, cannot_be_read=True)
        if not self._has_partition(prompt, request_file):
            return FileFacts(file.fingerprint, is_forgotten=self._is_forgotten(prompt, request_file, file))
        return FileFacts(
            file.fingerprint,
            fingerprint_read=self.runs.fingerprint_read(prompt, request_file),
            is_in_progress=self.runs.is_in_progress(prompt, request_file),
        )

    def _is_forgotten(self, prompt: str, request_file: str, file: StoredFile) -> bool:
        return self.kept is not None and is_file_forgotten(self.kept, prompt, request_file, file.fingerprint)

    def _cannot_be_read(self, prompt: str, request_file: str, file: StoredFile) -> bool:
        note = self.unreadable.get((prompt, request_file))
        return note is not None and note.holds_for(file.fingerprint, self._read_with(prompt))

    def _key(self, prompt: str, request_file: str, file: StoredFile) -> str:
        key = f"{prompt}/{request_file}@{file.fingerprint}"
        note = self.unreadable.get((prompt, request_file))
        # The same content once more, since a setting has changed: another run than the one before.
        is_same = note is not None and note.fingerprint == file.fingerprint
        return f"{key} read with {self._read_with(prompt)}" if is_same else key

    def _read_with(self, prompt: str) -> str:
        return reading_settings(self.folder.prompts[prompt], self.limits)

    def _has_partition(self, prompt: str, request_file: str) -> bool:
        if prompt not in self._partitions:
            self._partitions[prompt] = self.runs.request_files(prompt)
        return request_file in self._partitions[prompt]

    def _is_gone(self, note: Unreadable, listed: WaitingFiles) -> bool:
        if note.file in listed.files or "/".join(note.file) in listed.unfinished:
            return False
        return self.customer.find(input_key(note.prompt, note.request_file)) is None
