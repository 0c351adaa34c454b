"""`batch-classifier corrections`: import, export, list and withdraw, and then the summaries and results that they change."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from batch_classifier.command_line.corrected_results import make_again
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.command_line.user import user_name
from batch_classifier.corrections.exporting import export_corrections
from batch_classifier.corrections.history import listed_corrections
from batch_classifier.corrections.importing import Import, Imported
from batch_classifier.corrections.withdrawing import withdraw
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings, load_settings
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import counted

_LISTED = 200


@dataclass(frozen=True)
class Wanted:
    """What a person asks for; see the options of the command."""

    imported: Path | None = None
    exported: Path | None = None
    listed: bool = False
    withdrawn: str | None = None
    results_since: str | None = None
    who: str | None = None
    why: str | None = None
    request_file: str | None = None


def change_corrections(prompt_name: str, wanted: Wanted) -> int:
    """Do what is asked for; 0, or 1 where a row of an imported file is wrong. Raises ClassifierError."""
    asked = (wanted.imported, wanted.exported, wanted.listed or None, wanted.withdrawn, wanted.results_since)
    if sum(one is not None for one in asked) != 1:
        raise SettingError("Name one of --import, --export, --list, --withdraw and --results-since.")
    if wanted.who is not None and not wanted.who.strip():
        raise SettingError("--who is empty; name who says so, or leave it out.")
    settings = load_settings()
    folder = load_prompts(settings.prompts)
    prompt = folder.get(prompt_name)
    warehouse = open_warehouse(settings)
    if wanted.exported is not None:
        count = export_corrections(warehouse, prompt, wanted.exported, settings.file_access)
        say(f"{counted(count, 'correction')} written to {wanted.exported}.")
        return 0
    if wanted.listed:
        _list(warehouse, prompt)
        return 0
    if wanted.results_since is not None:
        return _make_again(settings, folder, prompt, warehouse, wanted.results_since, and_later=True)
    who, now = (wanted.who or user_name()).strip(), datetime.datetime.now(datetime.UTC)
    if wanted.withdrawn is not None:
        made = withdraw(warehouse, prompt, wanted.withdrawn.strip(), who, now, wanted.why)
        say("The correction is withdrawn; the model's class holds again.")
        return _make_again(settings, folder, prompt, warehouse, made)
    return _import(settings, folder, prompt, warehouse, wanted, who, now)


def _import(
    settings: Settings,
    folder: PromptFolder,
    prompt: Prompt,
    warehouse: Warehouse,
    wanted: Wanted,
    who: str,
    now: datetime.datetime,
) -> int:
    path = wanted.imported
    if path is None or not path.is_file():
        raise ClassifierError(f"There is no file {path}.")
    with path.open("rb") as file:
        imported = Import(
            warehouse, prompt, file, path.name, who, now, settings.limits, wanted.request_file, wanted.why
        ).run()
    if imported.wrong:
        _tell_problems(path, imported)
        return 1
    same = imported.rows - imported.written - imported.older
    say(
        f"{counted(imported.written, 'text')} corrected by {counted(imported.rows, 'row')} of {path.name}; "
        f"{same:,} rows change nothing."
    )
    if imported.older:
        say(
            f"{counted(imported.older, 'row')} of a result file from before a correction, with the model's class, left it as it is; "
            "--withdraw takes a correction back."
        )
    if imported.correction_set is None:
        return 0
    return _make_again(settings, folder, prompt, warehouse, imported.correction_set)


def _tell_problems(path: Path, imported: Imported) -> None:
    for sentence in imported.problems:
        say(f"Error: {sentence}", is_error=True)
    if imported.wrong > len(imported.problems):
        say(f"Error: And {imported.wrong - len(imported.problems):,} more rows like these.", is_error=True)
    say(
        f"Nothing was imported from {path.name}: mend the {counted(imported.wrong, 'row')} and start again "
        "(rows are counted below the header).",
        is_error=True,
    )


def _make_again(
    settings: Settings,
    folder: PromptFolder,
    prompt: Prompt,
    warehouse: Warehouse,
    correction_set: str,
    and_later: bool = False,
) -> int:
    failures = make_again(settings, folder, prompt, warehouse, correction_set, and_later)
    for sentence in failures:
        say(f"Error: {sentence}", is_error=True)
    return 1 if failures else 0


def _list(warehouse: Warehouse, prompt: Prompt) -> None:
    with listed_corrections(warehouse, prompt) as corrections:
        shown = list(islice(corrections, _LISTED))
        more = sum(1 for _ in corrections)
    if not shown:
        say(f"There are no corrections of {prompt.name}.")
        return
    rows: Sequence[Sequence[str]] = [
        [
            f"{one.at:%Y-%m-%d %H:%M}" if one.at else "",
            one.who or "",
            one.record_id or "",
            one.request_file or "",
            one.old_class or "(no class)",
            one.new_class or "(withdrawn)",
            str(one.state),
            one.why or "",
            one.text_id,
        ]
        for one in shown
    ]
    print_table(["when (UTC)", "who", "id", "request file", "before", "class", "state", "why", "text id"], rows)
    if more:
        say(f"And {more:,} older ones.")
