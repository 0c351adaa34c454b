"""`batch-classifier status`: the request files and where each stands."""

from collections.abc import Collection
from typing import Any

import dagster as dg

from batch_classifier.command_line.paid_again import told_of_paid_again
from batch_classifier.command_line.project import open_instance
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.defs.failed_reads import reasons_of_failed_reads
from batch_classifier.defs.loaded_prompts import loaded_prompts
from batch_classifier.defs.names import partitions_name
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.notes.unreadable import read_unreadable, reading_settings
from batch_classifier.prompts.changes import difference
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier.requests.request_files import list_files, told_of_passed_over
from batch_classifier.settings import load_settings
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.open_warehouse import open_warehouse

_MOST_NAMES = 10
_COUNTS = ["rows", "classified", "rejected", "failed"]


def show_status(only: str | None) -> int:
    """Print one line for each request file of each prompt (or of `only` one); raises PromptError for an unknown prompt."""
    settings = load_settings()
    prompt_files = load_prompts(settings.prompts)
    prompts = [prompt_files.get(only)] if only else list(prompt_files.prompts.values())
    instance = open_instance()
    warehouse = open_warehouse(settings)
    looked_at = list_files(open_folder(settings.customer_location), {prompt.name for prompt in prompts})
    in_folder = looked_at.files
    if only is None:
        for error in prompt_files.errors:
            say(f"Error: {error}", is_error=True)
        _tell_some("Folders below input_data without a prompt that can be used", looked_at.unknown_prompts)
        _tell_some("Not a format that can be read", looked_at.unsupported)
    if (passed_over := told_of_passed_over(looked_at.passed_over)) is not None:
        say(passed_over)
    noted = read_unreadable(open_folder(settings.internal_location), [prompt.name for prompt in prompts])
    changed = _changes(instance, prompt_files)
    lines = []
    for prompt in prompts:
        dropped = {request_file: file for (name, request_file), file in in_folder.items() if name == prompt.name}
        # Without a file or a run there are no tables to ask, and asking would make them.
        is_used = dropped or instance.get_dynamic_partitions(partitions_name(prompt.name))
        answer = warehouse.query(prompt.name, queries.standing(warehouse, prompt)) if is_used else []
        rows = {row["request_file"]: row for row in answer}
        reasons = reasons_of_failed_reads(
            instance, prompt.name, {name: file.modified for name, file in dropped.items()}
        )
        for request_file, file in dropped.items():
            note = noted.get((prompt.name, request_file))
            if note is not None and note.holds_for(file.fingerprint, reading_settings(prompt, settings.limits)):
                reasons[request_file] = note.reason
        for request_file in sorted(dropped.keys() | rows.keys()):
            lines.append(_line(prompt.name, request_file, rows.get(request_file), reasons.get(request_file)))
    if not lines:
        say(
            f"No request files yet. Drop one into {settings.customer_location}/input_data/<prompt>/, or use `classify`.",
            *changed,
        )
        return 0
    print_table(["prompt", "request file", *_COUNTS, "stands at"], lines, _COUNTS)
    say(*told_of_paid_again(settings, prompts, open_inference(settings)))
    say(*changed)
    return 0


def _tell_some(what: str, names: Collection[str]) -> None:
    if names:
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        say(f"{what}: {', '.join(sorted(names)[:_MOST_NAMES])}{more}.")


def _changes(instance: dg.DagsterInstance, prompt_files: PromptFolder) -> list[str]:
    """What a running Dagster has not loaded yet, in a sentence, where there is such a thing."""
    loaded = loaded_prompts(instance)
    changed = None if loaded is None else difference(loaded, prompt_files)
    return ["", changed] if changed else []


def _line(prompt: str, request_file: str, row: dict[str, Any] | None, reason: str | None) -> list[str]:
    counts = [f"{row[name]:,}" if row is not None else "" for name in ("requests", *_COUNTS[1:])]
    return [prompt, request_file, *counts, _state(row, reason)]


def _state(row: dict[str, Any] | None, reason: str | None) -> str:
    if reason is not None:
        return f"cannot be read: {reason}"
    if row is None:
        return "not read"
    if row["ended"] < row["requests"]:
        return "waiting for answers"
    if row["failed"]:
        return "finished, some rows failed"
    if row["older"]:
        return "finished, by an older prompt version"
    return "finished"
