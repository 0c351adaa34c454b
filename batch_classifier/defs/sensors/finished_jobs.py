"""The sensor that comes back for request files whose jobs are over, or for which a place in the quota is free."""

import contextlib
import datetime
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import PARTITION_TAG, REASON_TAG, asset_key, job_name, partitions_name, prompts_by_job
from batch_classifier.defs.prompt_job import AssetJob
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference, Job, NotNow
from batch_classifier.notes.waiting import Waiting, WaitingNotes
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.warehouse.tables import BATCH_JOB

TICK_SECONDS = 30
# The listing goes back some days; a job that is older, or not listed yet, costs a call of its own.
LOOK_UPS_A_TICK = 50
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
    looked_up: dict[str, float] = field(default_factory=dict)
    requested: dict[tuple[str, str], tuple[str, datetime.datetime, float]] = field(default_factory=dict)


def build_finished_jobs_sensor(folder: PromptFolder, jobs: Sequence[AssetJob]) -> dg.SensorDefinition:
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
            # A file that was removed from Dagster's partitions cannot be run; it must not hold up the others.
            known = {
                prompt: set(context.instance.get_dynamic_partitions(partitions_name(prompt)))
                for prompt in {waiting.prompt for _, waiting in notes}
            }
            notes = [entry for entry in notes if entry[1].request_file in known[entry[1].prompt]]
            try:
                jobs = _jobs_of(notes, inference, memory) if notes else {}
            except NotNow as busy:
                return dg.SensorResult(skip_reason=dg.SkipReason(str(busy)))
        running = _files_in_progress(context.instance, folder.prompts) if notes else set()
        requests: list[dg.RunRequest] = []
        events: list[dg.AssetObservation] = []
        by_name = {job.name: job for job in jobs.values()}
        free_places: dict[str, int] = {}
        promised: dict[str, set[str]] = {}
        for file, waiting in notes:
            # Files share batches: what this one had no place for, another may have sent.
            sent_by_others = {name: by_name.get(name) for name in waiting.unsent}
            states = {name: jobs.get(arn) for name, arn in waiting.jobs.items()} | sent_by_others
            events += _observations(memory, inference, waiting, states)
            can_go_on = any(job is not None and job.state.is_over for job in states.values())
            if unsent := {name for name, job in sent_by_others.items() if job is None}:
                # Places are promised to the files that have waited longest, whichever prompt of the model they are of, and
                # also to those that a run is at and that have not taken them yet.
                prompt = folder.prompts[waiting.prompt]
                places = free_places.setdefault(prompt.model.id, inference.free_places(prompt))
                taken = promised.setdefault(prompt.model.id, set())
                can_go_on = can_go_on or (len(taken) < places and not unsent <= taken)
                taken |= unsent
            if (waiting.prompt, waiting.request_file) in running:
                continue
            if can_go_on and _is_due(memory, waiting, file.fingerprint, file.modified):
                requests.append(_request(waiting))
        return dg.SensorResult(
            run_requests=requests,
            asset_events=events,
            skip_reason=None if requests else dg.SkipReason(f"{len(notes)} request files wait for their jobs."),
        )

    return finished_jobs


def _jobs_of(notes: Sequence[tuple[StoredFile, Waiting]], inference: Inference, memory: JobMemory) -> dict[str, Job]:
    """The jobs that the notes name, by ARN: from one listing, and some of those that are not in it looked up one by one."""
    jobs = {job.arn: job for job in inference.list_jobs()}
    missing = {arn for _, waiting in notes for arn in waiting.jobs.values() if arn not in jobs}
    memory.looked_up = {arn: moment for arn, moment in memory.looked_up.items() if arn in missing}
    for arn in sorted(missing, key=lambda arn: memory.looked_up.get(arn, 0.0))[:LOOK_UPS_A_TICK]:
        memory.looked_up[arn] = time.monotonic()
        # One that cannot be looked up stays as it is until a person, or the nightly schedule, runs its file again.
        with contextlib.suppress(ClassifierError):
            jobs[arn] = inference.look_up(arn)
    return jobs


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
        job_name=job_name(waiting.prompt),
        partition_key=waiting.request_file,
        asset_selection=[asset_key(waiting.prompt, name) for name in _FOLLOWING],
        tags={REASON_TAG: "a job is over, or a place is free"},
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
    metadata: dict[str, Any] = {"waiting_for_a_place": len(waiting.unsent), **shown}
    for name, job in states.items():
        if job is not None and (url := inference.console_url(job)) is not None:
            metadata[f"{name} in the AWS console"] = dg.MetadataValue.url(url)
    return [
        dg.AssetObservation(
            asset_key=asset_key(waiting.prompt, BATCH_JOB.name), partition=waiting.request_file, metadata=metadata
        )
    ]


def _files_in_progress(instance: dg.DagsterInstance, prompts: Iterable[str]) -> set[tuple[str, str]]:
    """Prompts and request files that a run is at, in one question; the UI runs chosen assets in a job without a prompt's name."""
    by_job = prompts_by_job(prompts)
    return {
        (prompt, run.tags[PARTITION_TAG])
        for run in instance.get_runs(RunsFilter(statuses=IN_PROGRESS))
        if PARTITION_TAG in run.tags
        for prompt in {by_job.get(run.job_name), *(key.path[0] for key in run.asset_selection or ())}
        if prompt is not None
    }
