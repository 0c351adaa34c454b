"""The sensor that comes back for request files whose jobs are over, or for which a place in the quota is free."""

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from batch_classifier.failures import told_in_one_sentence
from batch_classifier.inference.interface import Inference, Job
from batch_classifier.prompts import PromptFolder
from batch_classifier.storage import Folder
from batch_classifier.waiting import Waiting, WaitingNotes

TICK_SECONDS = 30
# A run that was requested and left no trace for this long is requested again.
_GIVEN_UP_SECONDS = 600.0
_FOLLOWING = ("batch_job", "classifications", "category_summary", "result_files")
IN_PROGRESS = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@dataclass
class JobMemory:
    """What this process saw at the last tick: job states that were shown, and runs that were requested for a note."""

    notes: WaitingNotes = field(default_factory=WaitingNotes)
    shown: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    requested: dict[tuple[str, str], tuple[str, datetime.datetime, float]] = field(default_factory=dict)


def build_finished_jobs_sensor(
    folder: PromptFolder, jobs: Sequence[UnresolvedAssetJobDefinition]
) -> dg.SensorDefinition:
    """The sensor `finished_jobs` for these prompts."""
    memory = JobMemory()

    @dg.sensor(
        name="finished_jobs",
        jobs=list(jobs),
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for the states of the jobs in flight, in one listing, and goes on with the request files whose jobs "
        "are over or have a place.",
    )
    def finished_jobs(
        context: dg.SensorEvaluationContext,
        inference: dg.ResourceParam[Inference],
        internal_folder: dg.ResourceParam[Folder],
    ) -> dg.SensorResult:
        with told_in_one_sentence():
            notes = [entry for entry in memory.notes.read(internal_folder) if entry[1].prompt in folder.prompts]
            listed = {job.arn: job for job in inference.list_jobs()} if notes else {}
        running = _files_in_progress(context.instance) if notes else set()
        requests: list[dg.RunRequest] = []
        events: list[dg.AssetObservation] = []
        free_places: dict[str, int] = {}
        for file, waiting in notes:
            states = {name: listed.get(arn) for name, arn in waiting.jobs.items()}
            events += _observations(memory, inference, waiting, states)
            if (waiting.prompt, waiting.request_file) in running:
                continue
            can_go_on = any(job is not None and job.state.is_over for job in states.values())
            if not can_go_on and waiting.unsent:
                places = free_places.setdefault(waiting.prompt, inference.free_places(folder.prompts[waiting.prompt]))
                free_places[waiting.prompt] = places - waiting.unsent
                can_go_on = places > 0
            if can_go_on and _is_due(memory, waiting, file.fingerprint, file.modified):
                requests.append(_request(waiting))
        return dg.SensorResult(
            run_requests=requests,
            asset_events=events,
            skip_reason=None if requests else dg.SkipReason(f"{len(notes)} request files wait for their jobs."),
        )

    return finished_jobs


def _is_due(memory: JobMemory, waiting: Waiting, fingerprint: str, modified: datetime.datetime) -> bool:
    """Whether a run for this note should be requested: not twice while the note is the same, unless it was given up."""
    key = (waiting.prompt, waiting.request_file)
    asked = memory.requested.get(key)
    if asked is not None and asked[:2] == (fingerprint, modified) and time.monotonic() - asked[2] < _GIVEN_UP_SECONDS:
        return False
    memory.requested[key] = (fingerprint, modified, time.monotonic())
    return True


def _request(waiting: Waiting) -> dg.RunRequest:
    return dg.RunRequest(
        job_name=f"classify_{waiting.prompt}",
        partition_key=waiting.request_file,
        asset_selection=[dg.AssetKey([waiting.prompt, name]) for name in _FOLLOWING],
        tags={"batch_classifier/reason": "a job is over, or a place is free"},
    )


def _observations(
    memory: JobMemory, inference: Inference, waiting: Waiting, states: dict[str, Job | None]
) -> list[dg.AssetObservation]:
    """An observation of batch_job with state, counts and link of each job, if any state or count has changed."""
    shown = {
        name: f"{job.state}, {job.processed:,} of {job.total:,}" for name, job in states.items() if job is not None
    }
    key = (waiting.prompt, waiting.request_file)
    if not shown or memory.shown.get(key) == shown:
        return []
    memory.shown[key] = shown
    metadata: dict[str, Any] = {"waiting_for_a_place": waiting.unsent, **shown}
    for name, job in states.items():
        if job is not None and (url := inference.console_url(job)) is not None:
            metadata[f"{name} in the AWS console"] = dg.MetadataValue.url(url)
    return [
        dg.AssetObservation(
            asset_key=dg.AssetKey([waiting.prompt, "batch_job"]), partition=waiting.request_file, metadata=metadata
        )
    ]


def _files_in_progress(instance: dg.DagsterInstance) -> set[tuple[str, str]]:
    """Prompts and request files that a run is at, in one question."""
    runs = instance.get_runs(RunsFilter(statuses=IN_PROGRESS))
    return {
        (run.job_name.removeprefix("classify_"), run.tags["dagster/partition"])
        for run in runs
        if "dagster/partition" in run.tags
    }
