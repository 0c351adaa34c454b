"""Where request files and results stand in the customer's folder, and which files are waiting there."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from batch_classifier.requests.readers.formats import is_supported
from batch_classifier.storage.folder import Folder, PassedOver, StoredFile
from batch_classifier.wording import fit_line

INPUT = "input_data"
# A file that changed this recently may still be written.
SETTLED_SECONDS = 5.0
_LONGEST_KEY = 100
_MOST_NAMES = 10
_TEMPORARY_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", "~")


def input_key(prompt: str, request_file: str) -> str:
    """The key of a request file."""
    return f"{INPUT}/{prompt}/{request_file}"


@dataclass
class WaitingFiles:
    """A look at the customer's folder: request files by prompt, and what is there that is none."""

    files: dict[tuple[str, str], StoredFile] = field(default_factory=dict)
    unsupported: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    unknown_prompts: set[str] = field(default_factory=set)


def look(
    customer: Folder, prompts: set[str], now: datetime.datetime, still_being_written: dict[str, str]
) -> WaitingFiles:
    """List the request files of these prompts.

    `still_being_written` holds the fingerprints of the files that were left for later the last time, by key; it is brought
    up to date. A file is left when it changed in the last `SETTLED_SECONDS`, unless it is as it was the last time.
    """
    waiting = list_files(customer, prompts)
    unfinished: dict[str, str] = {}
    for (prompt, request_file), file in list(waiting.files.items()):
        is_recent = abs((now - file.modified).total_seconds()) < SETTLED_SECONDS
        if is_recent and still_being_written.get(file.key) != file.fingerprint:
            unfinished[file.key] = file.fingerprint
            waiting.unfinished.append(f"{prompt}/{request_file}")
            del waiting.files[prompt, request_file]
    still_being_written.clear()
    still_being_written.update(unfinished)
    return waiting


def list_files(customer: Folder, prompts: set[str]) -> WaitingFiles:
    """List the request files of these prompts, also those that are still being written."""
    waiting = WaitingFiles()
    listing = customer.list(f"{INPUT}/")
    for file in listing:
        take_in(waiting, file, prompts)
    waiting.passed_over = [found for found in listing.passed_over if not is_temporary(found.key.rsplit("/", 1)[-1])]
    return waiting


def take_in(waiting: WaitingFiles, file: StoredFile, prompts: set[str]) -> tuple[str, str] | None:
    """Sort a file below the input folder in; returns prompt and request file if it is one to classify."""
    prompt, _, request_file = file.key.removeprefix(f"{INPUT}/").partition("/")
    name = request_file.rsplit("/", 1)[-1]
    if not name or is_temporary(name):
        return None
    if prompt not in prompts:
        waiting.unknown_prompts.add(prompt)
        return None
    # A name in some older encoding comes as characters that no database keeps.
    printable = request_file.encode(errors="backslashreplace").decode()
    if not is_supported(request_file) or printable != request_file:
        waiting.unsupported.append(f"{prompt}/{printable}")
        return None
    waiting.files[prompt, request_file] = file
    return prompt, request_file


def is_temporary(name: str) -> bool:
    """Whether a name is that of a file some program keeps while it works: hidden, a lock, or a part of a download."""
    return name.startswith((".", "~$")) or name.lower().endswith(_TEMPORARY_ENDINGS)


def changed_since(waiting: WaitingFiles, seen: dict[tuple[str, str], str]) -> Iterator[tuple[str, str, StoredFile]]:
    """The files that are new or have changed since `seen` (fingerprints by prompt and request file), oldest first."""
    for (prompt, request_file), file in sorted(waiting.files.items(), key=lambda entry: (entry[1].modified, entry[0])):
        if seen.get((prompt, request_file)) != file.fingerprint:
            yield prompt, request_file, file


def told_of_passed_over(found: Sequence[PassedOver]) -> str | None:
    """A sentence that names the first ten entries that are passed over, and why; None without any."""
    if not found:
        return None
    names = sorted(f"{fit_line(entry.key, _LONGEST_KEY)} {entry.problem}" for entry in found)
    more = f"; and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"Passed over: {'; '.join(names[:_MOST_NAMES])}{more}."
