"""The sensor that finds new and changed request files and requests a run for each."""

import json
import time
from collections.abc import Sequence

import dagster as dg
from dagster import AssetRecordsFilter, DagsterRunStatus, RunsFilter

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.loaded_prompts import REQUEST_FILES_SENSOR, cursor_of
from batch_classifier.defs.names import PARTITION_TAG, REASON_TAG, asset_key, job_name, partitions_name
from batch_classifier.defs.prompt_job import AssetJob
from batch_classifier.defs.request_files_readable import Reporting, standing_for
from batch_classifier.defs.sensors.finished_jobs import IN_PROGRESS
from batch_classifier.defs.unreadable_traces import remove_traces
from batch_classifier.limits import Limits
from batch_classifier.notes.unreadable import forget_unreadable, set_aside
from batch_classifier.prompts.changes import PromptChanges
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.requests.intake import Intake
from batch_classifier.requests.intake_decision import Decision, RunWanted
from batch_classifier.requests.s3_events import FileEvents
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import RAW_REQUESTS

TICK_SECONDS = 10


def build_request_files_sensor(
    folder: PromptFolder, jobs: Sequence[AssetJob], changes: PromptChanges, events: FileEvents | None = None
) -> dg.SensorDefinition:
    """The sensor `request_files` for these prompts; with `events` it is told of new files, and lists rarely.

    What has changed in the prompt files since they were loaded is told at every tick.
    """
    intake, reporting = Intake(folder, changes, events), Reporting()

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
        forgotten_folder: dg.ResourceParam[Folder],
        limits: dg.ResourceParam[Limits],
    ) -> dg.SensorResult:
        end_abandoned_runs(context.instance)
        began_at = time.time()
        cursor = json.loads(context.cursor) if context.cursor else {}
        with told_in_one_sentence():
            decision = intake.decide(
                customer_folder,
                internal_folder,
                limits,
                _RunsOf(context.instance),
                int(cursor.get("tick", 0)),
                forgotten_folder,
            )
            _remove_what_is_done_with(context, decision, internal_folder)
        if decision.fault is not None:
            context.log.error(decision.fault)
        if decision.changes is not None and decision.runs:
            context.log.warning(decision.changes)
        return dg.SensorResult(
            run_requests=[_request(run) for run in decision.runs],
            dynamic_partitions_requests=_new_partitions(decision.runs),
            asset_events=reporting.due(context.instance, decision, cursor.get("unreadable", {}), began_at),
            cursor=cursor_of(decision.tick, changes.loaded, standing_for(decision.unreadable)),
            skip_reason=None if decision.runs else dg.SkipReason(decision.message),
        )

    return request_files


QUEUED = [DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED]


class _RunsOf:
    """What an instance knows of request files."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def request_files(self, prompt: str) -> set[str]:
        return set(self._instance.get_dynamic_partitions(partitions_name(prompt)))

    def is_in_progress(self, prompt: str, request_file: str) -> bool:
        return _is_in_progress(self._instance, prompt, request_file)

    def fingerprint_read(self, prompt: str, request_file: str) -> str | None:
        return _fingerprint_read(self._instance, prompt, request_file)

    def queued(self) -> int:
        return self._instance.get_runs_count(RunsFilter(statuses=QUEUED))


def _is_in_progress(instance: dg.DagsterInstance, prompt: str, request_file: str) -> bool:
    runs = instance.get_runs(
        RunsFilter(job_name=job_name(prompt), tags={PARTITION_TAG: request_file}, statuses=IN_PROGRESS),
        limit=1,
    )
    return bool(runs)


def _fingerprint_read(instance: dg.DagsterInstance, prompt: str, request_file: str) -> str | None:
    """The fingerprint of the file that raw_requests was last made from, by whatever run."""
    records = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=asset_key(prompt, RAW_REQUESTS.name), asset_partitions=[request_file]), limit=1
    ).records
    if not records or records[0].asset_materialization is None:
        return None
    read = records[0].asset_materialization.metadata.get("fingerprint")
    return None if read is None else str(read.value)


def _remove_what_is_done_with(context: dg.SensorEvaluationContext, decision: Decision, internal: Folder) -> None:
    """Remove what unreadable files have left in Dagster, and then note that: a tick that is killed in between repeats it."""
    for note in (*decision.gone, *decision.set_aside):
        if context.repository_def is None:
            raise RuntimeError("Without the definitions around it, the sensor cannot know a prompt's assets.")
        assets = dg.AssetSelection.groups(note.prompt).resolve(context.repository_def.asset_graph)
        runs = remove_traces(context.instance, note.prompt, note.request_file, assets)
        context.log.info(
            f"{note.prompt}/{note.request_file} could not be read and is gone; "
            f"removed its failed runs: {', '.join(runs) or 'none'}."
        )
    for note in decision.gone:
        forget_unreadable(internal, note.file)
    for note in decision.set_aside:
        set_aside(internal, note)


def _request(run: RunWanted) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=run.key,
        job_name=job_name(run.prompt),
        partition_key=run.request_file,
        tags={} if run.reason is None else {REASON_TAG: run.reason},
    )


def _new_partitions(runs: Sequence[RunWanted]) -> list[dg.AddDynamicPartitionsRequest]:
    keys: dict[str, list[str]] = {}
    for run in runs:
        keys.setdefault(partitions_name(run.prompt), []).append(run.request_file)
    return [dg.AddDynamicPartitionsRequest(name, partition_keys) for name, partition_keys in keys.items()]
