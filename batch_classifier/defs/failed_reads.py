"""Request files that could not be read, and why, as the runs that tried tell."""

import datetime
from collections.abc import Mapping

import dagster as dg
from dagster import AssetRecordsFilter, DagsterEventType, DagsterRunStatus, RunsFilter

from batch_classifier.defs.names import PARTITION_TAG, asset_key, op_name
from batch_classifier.warehouse.tables import RAW_REQUESTS

# So many failed runs are looked at, the newest first.
_RUNS = 500


def reasons_of_failed_reads(
    instance: dg.DagsterInstance, prompt: str, written_at: Mapping[str, datetime.datetime]
) -> dict[str, str]:
    """Why a request file could not be read, by file; `written_at` says when each that is of interest was last written.

    One that was read or written since is left out.
    """
    reasons: dict[str, str] = {}
    looked_at: set[str] = set()
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.FAILURE]), limit=_RUNS):
        request_file = run.tags.get(PARTITION_TAG)
        if request_file is None or request_file not in written_at or request_file in looked_at:
            continue
        failure = _failure(instance, run.run_id, op_name(prompt, RAW_REQUESTS.name))
        if failure is None:
            continue
        looked_at.add(request_file)
        failed_at, reason = failure
        since = max(written_at[request_file].timestamp(), _read_at(instance, prompt, request_file))
        if failed_at > since:
            reasons[request_file] = reason
    return reasons


def runs_that_could_not_read(instance: dg.DagsterInstance, prompt: str, request_file: str) -> list[dg.DagsterRun]:
    """The failed runs that came no further than to reading a request file."""
    tried = instance.get_runs(
        RunsFilter(tags={PARTITION_TAG: request_file}, statuses=[DagsterRunStatus.FAILURE]), limit=_RUNS
    )
    step = op_name(prompt, RAW_REQUESTS.name)
    return [run for run in tried if _failure(instance, run.run_id, step) and not _has_made(instance, run.run_id)]


def _has_made(instance: dg.DagsterInstance, run_id: str) -> bool:
    return bool(instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION, limit=1).records)


def _failure(instance: dg.DagsterInstance, run_id: str, step: str) -> tuple[float, str] | None:
    """When this step of a run failed (seconds since 1970), and what is told of it; None where it did not."""
    for record in instance.get_records_for_run(run_id, of_type=DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.dagster_event
        if event is not None and event.step_key == step:
            told = event.step_failure_data.user_failure_data
            # Any other error is none of the file's.
            return record.event_log_entry.timestamp, (
                told and told.description
            ) or "its run failed; see its page in Dagster."
    return None


def _read_at(instance: dg.DagsterInstance, prompt: str, request_file: str) -> float:
    """When a request file was last read, in seconds since 1970; 0 where it never was."""
    filter = AssetRecordsFilter(asset_key=asset_key(prompt, RAW_REQUESTS.name), asset_partitions=[request_file])
    records = instance.fetch_materializations(filter, limit=1).records
    return records[0].timestamp if records else 0.0
