"""Runs whose process was killed: Dagster would show them as running for ever, and their place in a pool would stay taken."""

import os
import re

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunsFilter
from dagster._core.launcher import DefaultRunLauncher

_PROCESS = re.compile(r"\(pid: (\d+)\)")


def end_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs of this machine that have lost their process as failed and free their places; returns their ids.

    Does nothing where runs are no processes of this machine (any run launcher but the default one).
    """
    if not isinstance(instance.run_launcher, DefaultRunLauncher):
        return []
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])):
        process = _process_of(instance, run.run_id)
        if process is not None and not _is_alive(process):
            instance.report_run_failed(
                run, "The run's process ended without a word; materialize again, it goes on from there."
            )
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            ended.append(run.run_id)
    return ended


def _process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT):
        if (found := _PROCESS.search(entry.message or entry.user_message or "")) is not None:
            return int(found[1])
    return None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
