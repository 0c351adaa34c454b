"""The sensor that finds new and changed request files and requests a run for each."""

import datetime
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg
from dagster import AssetRecordsFilter, RunsFilter

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.loaded_prompts import REQUEST_FILES_SENSOR, cursor_of
from batch_classifier.defs.names import PARTITION_TAG, REASON_TAG, asset_key, job_name, partitions_name, prompts_by_job
from batch_classifier.defs.prompt_job import AssetJob
from batch_classifier.defs.sensors.finished_jobs import IN_PROGRESS
from batch_classifier.errors import ClassifierError
from batch_classifier.notes.reruns import RerunNotes
from batch_classifier.prompts.changes import PromptChanges
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.requests.request_files import WaitingFiles, changed_since, look, told_of_passed_over
from batch_classifier.requests.s3_events import FileEvents
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier.wording import fit_line

TICK_SECONDS = 10
RUNS_A_TICK = 200
# After a restart every known file is compared with what was read of it last, so many at a tick.
CHECKS_A_TICK = 500
# Where a queue tells of new files, the folder is listed only now and then, for what the queue did not tell.
LISTING_SECONDS = 900.0


@dataclass
class SensorMemory:
    """What this process has seen of the folder. The cursor only says how many ticks it remembers."""

    tick: int = 0
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    still_being_written: dict[str, str] = field(default_factory=dict)
    reruns: RerunNotes = field(default_factory=RerunNotes)
    rerun_notes: set[str] = field(default_factory=set)
    listed_at: float | None = None


def build_request_files_sensor(
    folder: PromptFolder, jobs: Sequence[AssetJob], changes: PromptChanges, events: FileEvents | None = None
) -> dg.SensorDefinition:
    """The sensor `request_files` for these prompts; with `events` it is told of new files, and lists rarely.

    What has changed in the prompt files since they were loaded is told at every tick.
    """
    memory = SensorMemory()

    @dg.sensor(
        name=REQUEST_FILES_SENSOR,
        jobs=list(jobs),
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests a run for every new or changed file below input_data/<prompt>/.",
    )
    def request_files(
        context: dg.SensorEvaluationContext,
        customer_folder: dg.ResourceParam[Folder],
        internal_folder: dg.ResourceParam[Folder],
    ) -> dg.SensorResult:
        end_abandoned_runs(context.instance)
        now = datetime.datetime.now(datetime.UTC)
        cursor = json.loads(context.cursor) if context.cursor else {}
        is_recorded = bool(memory.tick) and cursor.get("tick") == memory.tick
        if not is_recorded:
            # Another process made the last tick, or it was lost: what this one remembers may not have been run.
            memory.seen.clear()
            memory.rerun_notes.clear()
            memory.listed_at = None
        # A tick that fails on its way was none: nothing that it has seen is recorded.
        memory.tick = 0
        noticed, fault = WaitingFiles(), None
        if events is not None:
            noticed, fault = _notices(events, is_recorded, customer_folder, folder)
            if fault is not None:
                context.log.error(fault)
        requests = _requests(context.instance, noticed, memory)
        waiting = noticed
        if events is None or fault is not None or _is_listing_due(memory):
            with told_in_one_sentence():
                waiting = look(customer_folder, set(folder.prompts), now, memory.still_being_written)
            requests += _requests(context.instance, waiting, memory, RUNS_A_TICK - len(requests))
            is_complete = not waiting.unfinished and next(changed_since(waiting, memory.seen), None) is None
            memory.listed_at = time.monotonic() if is_complete else None
        if events is not None:
            events.mark(memory.seen)
        with told_in_one_sentence():
            requests += _reruns(context.instance, internal_folder, memory, set(folder.prompts))
        memory.tick = int(cursor.get("tick", 0)) + 1
        changed = changes.sentence()
        if changed is not None and requests:
            context.log.warning(changed)
        message = " ".join(filter(None, [_message(waiting, folder), _message_about_events(events, fault), changed]))
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=_new_partitions(requests, prompts_by_job(folder.prompts)),
            cursor=cursor_of(memory.tick, changes.loaded),
            skip_reason=None if requests else dg.SkipReason(message),
        )

    return request_files


def _notices(
    events: FileEvents, is_recorded: bool, customer: Folder, folder: PromptFolder
) -> tuple[WaitingFiles, str | None]:
    """What the queue tells of, and what is wrong with the queue: the folder is listed then, so no file waits for its repair."""
    try:
        events.confirm(is_recorded)
        return events.look(customer, set(folder.prompts)), None
    except ClassifierError as error:
        return WaitingFiles(), str(error)


def _is_listing_due(memory: SensorMemory) -> bool:
    return memory.listed_at is None or time.monotonic() - memory.listed_at >= LISTING_SECONDS


def _requests(
    instance: dg.DagsterInstance,
    waiting: WaitingFiles,
    memory: SensorMemory,
    limit: int = RUNS_A_TICK,
) -> list[dg.RunRequest]:
    partitions = {
        prompt: set(instance.get_dynamic_partitions(partitions_name(prompt)))
        for prompt in {prompt for prompt, _ in waiting.files}
    }
    requests: list[dg.RunRequest] = []
    checks = 0
    # New files first: those that this process only has to recognise can wait a tick.
    changed = sorted(changed_since(waiting, memory.seen), key=lambda entry: entry[1] in partitions[entry[0]])
    for prompt, request_file, file in changed:
        if len(requests) >= limit or checks >= CHECKS_A_TICK:
            break
        if request_file in partitions[prompt]:
            checks += 1
            if _is_in_progress(instance, prompt, request_file):
                continue
            if _has_been_read(instance, prompt, request_file, file.fingerprint):
                memory.seen[prompt, request_file] = file.fingerprint
                continue
        memory.seen[prompt, request_file] = file.fingerprint
        requests.append(
            dg.RunRequest(
                run_key=f"{prompt}/{request_file}@{file.fingerprint}",
                job_name=job_name(prompt),
                partition_key=request_file,
            )
        )
    return requests


def _reruns(
    instance: dg.DagsterInstance, internal: Folder, memory: SensorMemory, prompts: set[str]
) -> Iterator[dg.RunRequest]:
    """Runs for what is noted as to be run again. A note is removed a tick later, when its runs are certain."""
    for note, reruns in memory.reruns.read(internal):
        if note in memory.rerun_notes:
            internal.delete(note)
            memory.rerun_notes.discard(note)
            continue
        memory.rerun_notes.add(note)
        for rerun in reruns:
            if rerun.prompt not in prompts or _is_in_progress(instance, rerun.prompt, rerun.request_file):
                continue
            yield dg.RunRequest(
                run_key=f"{note} {rerun.prompt}/{rerun.request_file}",
                job_name=job_name(rerun.prompt),
                partition_key=rerun.request_file,
                tags={REASON_TAG: rerun.reason},
            )


def _new_partitions(
    requests: Sequence[dg.RunRequest], prompts: Mapping[str, str]
) -> list[dg.AddDynamicPartitionsRequest]:
    keys: dict[str, list[str]] = {}
    for request in requests:
        if request.job_name is None or request.partition_key is None:
            raise ValueError("A run is requested for a prompt's job and a request file.")
        keys.setdefault(partitions_name(prompts[request.job_name]), []).append(request.partition_key)
    return [dg.AddDynamicPartitionsRequest(name, partition_keys) for name, partition_keys in keys.items()]


def _has_been_read(instance: dg.DagsterInstance, prompt: str, request_file: str, fingerprint: str) -> bool:
    """Whether raw_requests was last made from the file as it is now, by whatever run."""
    records = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=asset_key(prompt, RAW_REQUESTS.name), asset_partitions=[request_file]), limit=1
    ).records
    if not records or records[0].asset_materialization is None:
        return False
    read = records[0].asset_materialization.metadata.get("fingerprint")
    return read is not None and read.value == fingerprint


def _is_in_progress(instance: dg.DagsterInstance, prompt: str, request_file: str) -> bool:
    runs = instance.get_runs(
        RunsFilter(job_name=job_name(prompt), tags={PARTITION_TAG: request_file}, statuses=IN_PROGRESS),
        limit=1,
    )
    return bool(runs)


def _message(waiting: WaitingFiles, folder: PromptFolder) -> str:
    parts = ["No new request files."]
    if waiting.unfinished:
        parts.append(f"Still being written, left for the next tick: {_some(waiting.unfinished)}.")
    if waiting.unsupported:
        parts.append(f"Not a format that can be read: {_some(waiting.unsupported)}.")
    if waiting.unknown_prompts:
        parts.append(f"Folders below input_data that are no prompt's: {_some(sorted(waiting.unknown_prompts))}.")
    if (passed_over := told_of_passed_over(waiting.passed_over)) is not None:
        parts.append(passed_over)
    parts += [str(error) for error in folder.errors]
    return " ".join(parts)


def _message_about_events(events: FileEvents | None, fault: str | None) -> str | None:
    if fault is not None:
        return f"{fault} The folder is listed instead."
    if events is not None and events.unknown:
        return (
            f"Messages in the queue that are no notices of new files, left to its dead-letter queue: {events.unknown}."
        )
    return None


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(fit_line(name, 100) for name in sorted(names)[:10])
    return shown + (f" and {len(names) - 10} more" if len(names) > 10 else "")
