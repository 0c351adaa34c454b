"""Runs whose process was killed: Dagster would show them as running for ever, and their place in a pool would stay taken."""

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunsFilter

from batch_classifier.defs.run_process import process_of


def end_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs of this host that have lost their process as failed and free their places; returns their ids.

    Places that a run has kept although Dagster knows of its end are freed as well, when its process is gone: Dagster notices
    a killed process at once and leaves it in the pool. Runs of other hosts, and those without a mark, are left alone:
    Dagster's run monitoring sees to them.
    """
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])):
        if not has_lost_its_process(instance, run):
            continue
        # One that came to its end since it was read has no process either.
        now = instance.get_run_by_id(run.run_id)
        if now is not None and not now.is_finished:
            instance.report_run_failed(
                now, "The run's process ended without a word; materialize again, it goes on from there."
            )
            ended.append(run.run_id)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    _free_places_of_ended_runs(instance)
    return ended


def _free_places_of_ended_runs(instance: dg.DagsterInstance) -> None:
    event_log = instance.event_log_storage
    holders = event_log.get_concurrency_run_ids() if event_log.supports_global_concurrency_limits else set()
    for run_id in holders:
        run = instance.get_run_by_id(run_id)
        if run is not None and run.is_finished and has_lost_its_process(instance, run):
            event_log.free_concurrency_slots_for_run(run_id)


def has_lost_its_process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run of this host was killed, whatever Dagster shows of it."""
    process = process_of(run)
    if process is None or not process.is_of_this_host() or not process.is_gone():
        return False
    # With an executor that gives each step a process of its own, the mark is that of a step.
    return not instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_WORKER_STARTING)
