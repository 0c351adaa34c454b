"""The sensor that finds new and changed request files and requests a run for each."""

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import dagster as dg
from dagster import AssetRecordsFilter, RunsFilter
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.launcher import DefaultRunLauncher

from batch_classifier.abandoned_runs import end_abandoned_runs
from batch_classifier.failures import told_in_one_sentence
from batch_classifier.finished_jobs import IN_PROGRESS
from batch_classifier.prompts import PromptFolder
from batch_classifier.request_files import WaitingFiles, changed_since, look
from batch_classifier.reruns import noted_reruns
from batch_classifier.storage import Folder

TICK_SECONDS = 10
RUNS_A_TICK = 200
# After a restart, files that changed this long before the last tick are looked at again; run keys keep each from running twice.
LOOK_BACK = datetime.timedelta(hours=24)


@dataclass
class SensorMemory:
    """What this process has seen of the folder. The cursor only says how many ticks it remembers and how far they came."""

    tick: int = 0
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    still_being_written: dict[str, str] = field(default_factory=dict)
    rerun_notes: set[str] = field(default_factory=set)


def build_request_files_sensor(
    folder: PromptFolder, jobs: Sequence[UnresolvedAssetJobDefinition]
) -> dg.SensorDefinition:
    """The sensor `request_files` for these prompts."""
    memory = SensorMemory()

    @dg.sensor(
        name="request_files",
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
        if isinstance(context.instance.run_launcher, DefaultRunLauncher):
            end_abandoned_runs(context.instance)
        now = datetime.datetime.now(datetime.UTC)
        cursor = json.loads(context.cursor) if context.cursor else {}
        if cursor.get("tick") != memory.tick or not memory.tick:
            # Another process made the last tick, or it was lost: what this one remembers may not have been run.
            memory.seen.clear()
            memory.rerun_notes.clear()
        with told_in_one_sentence():
            waiting = look(customer_folder, set(folder.prompts), now, memory.still_being_written)
        since = datetime.datetime.fromisoformat(cursor["since"]) - LOOK_BACK if "since" in cursor else None
        requests = [
            *_requests(context.instance, waiting, memory, since),
            *_reruns(context.instance, internal_folder, memory, set(folder.prompts)),
        ]
        newest = max((file.modified for file in waiting.files.values()), default=now)
        memory.tick = int(cursor.get("tick", 0)) + 1
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=_new_partitions(requests, context.instance),
            cursor=json.dumps({"tick": memory.tick, "since": min(newest, now).isoformat()}),
            skip_reason=None if requests else dg.SkipReason(_message(waiting, folder)),
        )

    return request_files


def _requests(
    instance: dg.DagsterInstance, waiting: WaitingFiles, memory: SensorMemory, since: datetime.datetime | None
) -> list[dg.RunRequest]:
    partitions = {
        prompt: set(instance.get_dynamic_partitions(f"{prompt}_request_files"))
        for prompt in {prompt for prompt, _ in waiting.files}
    }
    requests: list[dg.RunRequest] = []
    for prompt, request_file, file in changed_since(waiting, memory.seen):
        if len(requests) == RUNS_A_TICK:
            break
        if request_file in partitions[prompt]:
            is_old = (prompt, request_file) not in memory.seen and since is not None and file.modified < since
            if not is_old and _is_in_progress(instance, prompt, request_file):
                continue
            if is_old or _has_been_read(instance, prompt, request_file, file.fingerprint):
                memory.seen[prompt, request_file] = file.fingerprint
                continue
        memory.seen[prompt, request_file] = file.fingerprint
        requests.append(
            dg.RunRequest(
                run_key=f"{prompt}/{request_file}@{file.fingerprint}",
                job_name=f"classify_{prompt}",
                partition_key=request_file,
            )
        )
    return requests


def _reruns(
    instance: dg.DagsterInstance, internal: Folder, memory: SensorMemory, prompts: set[str]
) -> Iterator[dg.RunRequest]:
    """Runs for what is noted as to be run again. A note is removed a tick later, when its runs are certain."""
    for note, reruns in noted_reruns(internal):
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
                job_name=f"classify_{rerun.prompt}",
                partition_key=rerun.request_file,
                tags={"batch_classifier/reason": rerun.reason},
            )


def _new_partitions(
    requests: Sequence[dg.RunRequest], instance: dg.DagsterInstance
) -> list[dg.AddDynamicPartitionsRequest]:
    keys: dict[str, list[str]] = {}
    for request in requests:
        assert request.job_name is not None and request.partition_key is not None
        name = f"{request.job_name.removeprefix('classify_')}_request_files"
        keys.setdefault(name, []).append(request.partition_key)
    return [dg.AddDynamicPartitionsRequest(name, partition_keys) for name, partition_keys in keys.items()]


def _has_been_read(instance: dg.DagsterInstance, prompt: str, request_file: str, fingerprint: str) -> bool:
    """Whether raw_requests was last made from the file as it is now, by whatever run."""
    records = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=dg.AssetKey([prompt, "raw_requests"]), asset_partitions=[request_file]), limit=1
    ).records
    if not records or records[0].asset_materialization is None:
        return False
    read = records[0].asset_materialization.metadata.get("fingerprint")
    return read is not None and read.value == fingerprint


def _is_in_progress(instance: dg.DagsterInstance, prompt: str, request_file: str) -> bool:
    runs = instance.get_runs(
        RunsFilter(job_name=f"classify_{prompt}", tags={"dagster/partition": request_file}, statuses=IN_PROGRESS),
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
    parts += [str(error) for error in folder.errors]
    return " ".join(parts)


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
