"""What is decided at a look for request files: which are run, which of the unreadable ones are done with, and what is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batch_classifier.notes.unreadable import FileOfPrompt, Unreadable
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.requests.request_files import WaitingFiles, told_of_passed_over
from batch_classifier.wording import fit_line

_LONGEST_NAME = 100
_MOST_NAMES = 10


class Verdict(StrEnum):
    """What happens to a request file that is new to the process, or has changed since it saw it."""

    RUN = "run"
    LATER = "looked at again the next time"
    NOTHING = "as it is, it has had its run"


@dataclass(frozen=True)
class FileFacts:
    """What is known of a request file.

    Attributes:
        fingerprint: that of its content now.
        fingerprint_read: that of the content that was read last; None where it was never read.
        cannot_be_read: whether it was found to be unreadable as it is now.
        is_in_progress: whether a run is at it.
        is_forgotten: whether it was forgotten as it is now; who wants it back changes it, or classifies it by hand.
    """

    fingerprint: str
    fingerprint_read: str | None = None
    cannot_be_read: bool = False
    is_in_progress: bool = False
    is_forgotten: bool = False


def verdict_on(facts: FileFacts) -> Verdict:
    """Whether a file is to be run."""
    if facts.is_in_progress:
        # The run may have begun before the file changed.
        return Verdict.LATER
    if facts.cannot_be_read or facts.is_forgotten or facts.fingerprint_read == facts.fingerprint:
        return Verdict.NOTHING
    return Verdict.RUN


class Standing(StrEnum):
    """What becomes of a note that a file cannot be read."""

    STANDS = "the file is there and unreadable"
    FILE_IS_GONE = "its traces are removed, and the note"
    PARTITION_IS_GONE = "its traces are removed, and it is set aside"


def standing_of(is_file_gone: bool, is_partition_gone: bool, is_set_aside: bool) -> Standing:
    """What becomes of a note, as long as no run is at its file."""
    if is_file_gone:
        return Standing.FILE_IS_GONE
    if is_partition_gone and not is_set_aside:
        return Standing.PARTITION_IS_GONE
    return Standing.STANDS


@dataclass(frozen=True)
class RunWanted:
    """A run to ask for. No two runs with the same `key` are launched, whoever asks how often."""

    prompt: str
    request_file: str
    key: str
    reason: str | None = None


@dataclass(frozen=True)
class Decision:
    """What one look came to.

    Attributes:
        tick: the number of the look, for the next one to know that this one was recorded.
        runs: the runs to ask for.
        unreadable: the files that cannot be read as they are, for each prompt.
        gone: files that could not be read and are not there any more.
        set_aside: files that cannot be read, and whose partition a person has removed.
        message: how things stand, in one line.
        fault: what is wrong with the queue of notices; None where nothing is.
        changes: what has changed in the prompt files since they were loaded; None where nothing has.
    """

    tick: int
    runs: Sequence[RunWanted]
    unreadable: Mapping[str, Sequence[Unreadable]]
    gone: Sequence[Unreadable]
    set_aside: Sequence[Unreadable]
    message: str
    fault: str | None = None
    changes: str | None = None


def message_of(
    waiting: WaitingFiles,
    folder: PromptFolder,
    unreadable: Sequence[FileOfPrompt],
    unknown_messages: int = 0,
    fault: str | None = None,
    changes: str | None = None,
) -> str:
    """How things stand in the folder, and what is wrong with the prompts and the queue."""
    parts = ["No new request files."]
    if waiting.unfinished:
        parts.append(f"Still being written, left for the next tick: {_some(waiting.unfinished)}.")
    if unreadable:
        names = [f"{prompt}/{request_file}" for prompt, request_file in unreadable]
        parts.append(f"Cannot be read, left alone until they change: {_some(names)}.")
    if waiting.unsupported:
        parts.append(f"Not a format that can be read: {_some(waiting.unsupported)}.")
    if waiting.unknown_prompts:
        parts.append(f"Folders below input_data that are no prompt's: {_some(sorted(waiting.unknown_prompts))}.")
    if (passed_over := told_of_passed_over(waiting.passed_over)) is not None:
        parts.append(passed_over)
    parts += [str(error) for error in folder.errors]
    if fault is not None:
        parts.append(f"{fault} The folder is listed instead.")
    elif unknown_messages:
        parts.append(
            "Messages in the queue that are no notices of new files, left to its dead-letter queue: "
            f"{unknown_messages}."
        )
    if changes is not None:
        parts.append(changes)
    return " ".join(parts)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(fit_line(name, _LONGEST_NAME) for name in sorted(names)[:_MOST_NAMES])
    return shown + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
