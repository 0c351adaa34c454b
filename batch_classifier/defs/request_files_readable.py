"""The check request_files_readable: one for all files of a prompt, so that one that cannot be read is shown in one place.

It is a part of every run, but none that fails to read a file comes to it: the sensor `request_files` reports it, when what it
shows has changed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import asset_key
from batch_classifier.notes.unreadable import Unreadable, read_unreadable
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.intake_decision import Decision
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier.wording import counted

NAME = "request_files_readable"
_SHOWN = 100


def request_files_readable_key(prompt: str) -> dg.AssetCheckKey:
    """The key of a prompt's check."""
    return dg.AssetCheckKey(asset_key(prompt, RAW_REQUESTS.name), NAME)


def build_request_files_readable(prompt: Prompt) -> dg.AssetChecksDefinition:
    """The check of a prompt."""

    @dg.asset_check(
        asset=asset_key(prompt.name, RAW_REQUESTS.name),
        name=NAME,
        description="Every request file can be read. One that cannot is not run again until its content changes; "
        "deleting the file, or its partition, takes it off this list.",
    )
    def check(internal_folder: dg.ResourceParam[Folder]) -> dg.AssetCheckResult:
        with told_in_one_sentence():
            noted = read_unreadable(internal_folder, [prompt.name]).values()
        return dg.AssetCheckResult(**_shown([note for note in noted if not note.is_set_aside]))

    return check


def evaluation(prompt: str, unreadable: Sequence[Unreadable]) -> dg.AssetCheckEvaluation:
    """What the check shows with these files, as a sensor reports it."""
    key = request_files_readable_key(prompt)
    return dg.AssetCheckEvaluation(asset_key=key.asset_key, check_name=key.name, **_shown(unreadable))


def _shown(unreadable: Sequence[Unreadable]) -> dict[str, Any]:
    rows = [{"request file": note.request_file, "why": note.reason} for note in unreadable]
    return {
        "passed": not rows,
        "severity": dg.AssetCheckSeverity.ERROR,
        "description": f"{counted(len(rows), 'request file')} cannot be read." if rows else "Every file can be read.",
        "metadata": {"unreadable": len(rows), "files": markdown_table(rows[:_SHOWN], ["request file", "why"])},
    }


class Reporting:
    """Decides at each tick which prompts' checks are to be reported: those that show something new.

    Dagster no longer shows a check's result once its asset was made again, or a run has planned the check and failed before it,
    as one on an unreadable file does. So it is reported once more after that.
    """

    def __init__(self) -> None:
        self._reported_at: dict[str, float] = {}

    def due(
        self, instance: dg.DagsterInstance, decision: Decision, told: Mapping[str, str], now: float
    ) -> list[dg.AssetCheckEvaluation]:
        """The evaluations to report.

        `told` is what `standing_for` was when the last ones were recorded; `now` is in seconds since 1970.
        """
        standing = standing_for(decision.unreadable)
        cleared = {note.prompt for note in (*decision.gone, *decision.set_aside)}
        found = []
        for prompt, notes in decision.unreadable.items():
            is_new = standing.get(prompt) != told.get(prompt) or prompt in cleared
            if is_new or (notes and self._is_outdated(prompt, instance)):
                self._reported_at[prompt] = now
                found.append(evaluation(prompt, notes))
        return found

    def _is_outdated(self, prompt: str, instance: dg.DagsterInstance) -> bool:
        if prompt not in self._reported_at:
            return True
        made = instance.get_latest_materialization_event(asset_key(prompt, RAW_REQUESTS.name))
        return made is not None and made.timestamp >= self._reported_at[prompt]


def standing_for(unreadable: Mapping[str, Sequence[Unreadable]]) -> dict[str, str]:
    """A few characters for what each prompt's check shows, where it shows any file."""
    shown = {
        prompt: repr([(note.request_file, note.noted_at) for note in notes]) for prompt, notes in unreadable.items()
    }
    return {
        prompt: hashlib.sha256(shown[prompt].encode()).hexdigest()[:8] for prompt, notes in unreadable.items() if notes
    }
