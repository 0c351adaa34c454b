"""`batch-classifier forget`: show what there is of a record, a file or some words, ask, and remove it from every place."""

import datetime
from collections.abc import Collection, Sequence
from functools import partial

import dagster as dg

from batch_classifier.command_line.project import open_instance
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.command_line.user import user_name
from batch_classifier.defs.event_log.forgetting import forget_metadata
from batch_classifier.defs.names import PARTITION_TAG, partitions_name
from batch_classifier.defs.sensors.finished_jobs import IN_PROGRESS
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.forgetting.audit import AUDIT, is_pending, others_pending
from batch_classifier.forgetting.find import Found, Places, find
from batch_classifier.forgetting.forget import forget
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier.requests.request_files import input_key
from batch_classifier.settings import Settings, load_settings
from batch_classifier.storage.internal_keys import NoteKind, notes_folder, old_notes_folder
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.wanted import KeyKind, Wanted

_SHOWN = 5
_LONGEST_SHOWN = 40


def forget_texts(keys: dict[KeyKind, str | None], prompt: str | None, is_confirmed: bool) -> int:
    """Find, ask, remove and tell; 0 also where nothing was found, 1 where the answer is no.

    Raises ClassifierError for keys that can't be used, while a run or job is under way, and where a place can't be reached.
    """
    wanted = _wanted(keys)
    settings = load_settings()
    folder = load_prompts(settings.prompts)
    instance = open_instance()
    places = _places(settings, instance)
    prompts = [prompt] if prompt else sorted({*folder.prompts, *places.warehouse.prompts()})
    if prompt and prompt not in {*folder.prompts, *places.warehouse.prompts()}:
        folder.get(prompt)
    _check_runs(instance)
    for other in others_pending(places.kept, wanted):
        say(
            f"`forget --{other.kind}` of {other.began_at} was interrupted; start it again with the same key to finish it.",
            is_error=True,
        )
    found = find(places, prompts, wanted)
    is_unfinished = is_pending(places.kept, wanted)
    if not any(one.counts() for one in found) and not is_unfinished:
        say("Nothing was found.")
        _tell_of_request_files(places, settings, wanted, found)
        _tell_of_examples(folder, wanted, found)
        return 0
    _show(found, is_unfinished)
    if not is_confirmed and not _is_wanted():
        say("Nothing was changed.")
        return 1
    own_ids = {one.name for one in folder.prompts.values() if one.input.id is not None}
    done = forget(places, found, wanted, user_name(), own_ids, lambda: datetime.datetime.now(datetime.UTC))
    if wanted.kind is KeyKind.FILE:
        for one in found:
            instance.delete_dynamic_partition(partitions_name(one.prompt), wanted.value)
    total = sum(done.counts.values())
    say(f"Forgotten in {len(done.counts):,} places ({total:,} in all); noted in {places.kept.uri_of(AUDIT)}.")
    _tell_of_request_files(places, settings, wanted, found)
    _tell_of_examples(folder, wanted, found)
    return 0


def _wanted(keys: dict[KeyKind, str | None]) -> Wanted:
    given = [(kind, value) for kind, value in keys.items() if value is not None]
    if len(given) != 1:
        raise SettingError("Name what is to be forgotten by one of --record-id, --file and --text-like.")
    kind, value = given[0]
    if not value.strip():
        raise SettingError(f"--{kind} is empty; that would be everything.")
    return Wanted(kind, value)


def _places(settings: Settings, instance: dg.DagsterInstance) -> Places:
    internal = open_folder(settings.internal_location, settings.kms_key_id, settings.file_access)
    kinds = (notes_folder(NoteKind.ON_DEMAND_JOBS), old_notes_folder(NoteKind.ON_DEMAND_JOBS))
    return Places(
        customer=open_folder(settings.customer_location, settings.kms_key_id, settings.file_access),
        internal=internal,
        kept=open_folder(settings.forgotten_location, settings.kms_key_id, settings.file_access),
        warehouse=open_warehouse(settings),
        job_notes=[
            LocalFolder(settings.home / "local_jobs", settings.file_access),
            *(open_folder(internal.uri_of(kind), settings.kms_key_id, settings.file_access) for kind in kinds),
        ],
        metadata=partial(forget_metadata, instance),
    )


def _check_runs(instance: dg.DagsterInstance) -> None:
    """A run that is under way has rows in its memory and would write them again; raises ClassifierError."""
    runs = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS), limit=1)
    if runs:
        file = runs[0].tags.get(PARTITION_TAG, "")
        raise ClassifierError(
            f"The run {runs[0].run_id} ({runs[0].job_name} {file}) is under way and would write what it has read; "
            "wait until it is over, or cancel it, and start again."
        )


def _show(found: Sequence[Found], is_unfinished: bool) -> None:
    if is_unfinished:
        say("An earlier `forget` by this key was interrupted; this is what is left of it.")
    lines = [[place, f"{count:,}"] for one in found for place, count in one.counts().items()]
    if lines:
        print_table(["where", "how many"], lines, ["how many"])
    rows = [row for one in found for row in one.rows.rows]
    for row in rows[:_SHOWN]:
        say(f"  {_short(row.record_id)} in {_short(row.request_file)}, row {row.row_number}")
    if len(rows) > _SHOWN:
        say(f"  and {len(rows) - _SHOWN:,} more rows")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _is_wanted() -> bool:
    try:
        return input("Remove all this for good? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError as error:
        raise SettingError("There is nobody to ask; add --yes to forget without a question.") from error


def _tell_of_request_files(places: Places, settings: Settings, wanted: Wanted, found: Collection[Found]) -> None:
    """What this command never touches: the files that people have dropped, and copies that they have made."""
    for one in found:
        files = [wanted.value] if wanted.kind is KeyKind.FILE else one.rows.request_files
        for request_file in files:
            key = input_key(one.prompt, request_file)
            if places.customer.find(key) is not None:
                say(
                    f"The request file {places.customer.uri_of(key)} still holds it: change or delete it yourself"
                    f"{', with its earlier versions' if settings.customer_location.startswith('s3://') else ''}. "
                    "Until then it is not brought back by a run."
                )
    say("Copies of result files that somebody has made elsewhere are not found by this command.")


def _tell_of_examples(folder: PromptFolder, wanted: Wanted, found: Collection[Found]) -> None:
    """Prompt files are a person's, too: what was put into one as an example stays there."""
    for one in found:
        prompt = folder.prompts.get(one.prompt)
        for category in prompt.categories if prompt is not None else ():
            ids = {text_id(text, prompt.same_text) for text in category.examples} if prompt is not None else set()
            if not ids.isdisjoint(one.text_ids) or any(map(wanted.is_in, category.examples)):
                say(
                    f"The prompt file of {one.prompt} has such a text as an example of {category.name}, and sends it with each question: "
                    "take it out yourself, and out of your repository's history."
                )
