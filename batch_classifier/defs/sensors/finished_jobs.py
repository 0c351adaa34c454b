"""The sensor that comes back for request files whose jobs are over, or for which a place in the quota is free."""

from collections.abc import Iterable, Sequence

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.job_metadata import observation
from batch_classifier.defs.names import PARTITION_TAG, REASON_TAG, asset_key, job_name, partitions_name, prompts_by_job
from batch_classifier.defs.prompt_job import AssetJob
from batch_classifier.inference.interface import Inference, NotNow
from batch_classifier.jobs.finished_jobs import FinishedJobs
from batch_classifier.jobs.turns import WaitingFile
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.tables import BATCH_JOB

TICK_SECONDS = 30
IN_PROGRESS = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def build_finished_jobs_sensor(folder: PromptFolder, jobs: Sequence[AssetJob]) -> dg.SensorDefinition:
    """The sensor `finished_jobs` for these prompts."""
    finished = FinishedJobs()

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
            try:
                look = finished.look(
                    internal_folder,
                    inference,
                    folder.prompts,
                    lambda prompt: set(context.instance.get_dynamic_partitions(partitions_name(prompt))),
                    lambda: _files_in_progress(context.instance, folder.prompts),
                )
            except NotNow as busy:
                return dg.SensorResult(skip_reason=dg.SkipReason(str(busy)))
        if context.repository_def is None:
            raise RuntimeError("Without the definitions around it, the sensor cannot know what follows batch_job.")
        repository = context.repository_def
        beginnings = {(file.waiting.prompt, file.waiting.goes_on_from) for file in look.going_on}
        assets = {(prompt, first): asset_and_following(repository, prompt, first) for prompt, first in beginnings}
        return dg.SensorResult(
            run_requests=[
                _request(file, assets[file.waiting.prompt, file.waiting.goes_on_from]) for file in look.going_on
            ],
            asset_events=[_observation(file, inference) for file in look.changed],
            skip_reason=None if look.going_on else dg.SkipReason(f"{look.waiting} request files wait for their jobs."),
        )

    return finished_jobs


def _request(file: WaitingFile, assets: list[dg.AssetKey]) -> dg.RunRequest:
    return dg.RunRequest(
        job_name=job_name(file.waiting.prompt),
        partition_key=file.waiting.request_file,
        asset_selection=assets,
        tags={REASON_TAG: "a job is over, or a place is free"},
    )


def asset_and_following(repository: dg.RepositoryDefinition, prompt: str, first: str = "") -> list[dg.AssetKey]:
    """A prompt's batch_job, or the asset named, and all assets of the prompt that come after it, whichever there are."""
    following = dg.AssetSelection.assets(asset_key(prompt, first or BATCH_JOB.name)).downstream()
    chosen = following & dg.AssetSelection.groups(prompt)
    return sorted(chosen.resolve(repository.asset_graph))


def _observation(file: WaitingFile, inference: Inference) -> dg.AssetObservation:
    jobs = {name: job for name, job in file.jobs.items() if job is not None}
    waiting = file.waiting
    return observation(waiting.prompt, waiting.request_file, jobs, inference, waiting_for_a_place=len(waiting.unsent))


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
