"""What runs on a file that could not be read leave in Dagster, removed when the file or its partition is gone.

A failed run of a partition keeps the partition red in every asset of the run: Dagster (1.13) finds it in the events of the run
that planned it, and keeps it in each asset's cached status even when the partition is deleted. The checks that the run
planned and never came to are shown as failed too, until they are evaluated for some other partition. All of this hangs
on the run; without it a partition is what it was before, and a planned check was skipped.
"""

from collections.abc import Iterable

import dagster as dg
from dagster import AssetRecordsFilter

from batch_classifier.defs.failed_reads import runs_that_could_not_read
from batch_classifier.defs.names import asset_key, partitions_name
from batch_classifier.warehouse.tables import RAW_REQUESTS


def remove_traces(
    instance: dg.DagsterInstance, prompt: str, request_file: str, assets: Iterable[dg.AssetKey]
) -> list[str]:
    """Delete the runs that came no further than to reading the file, and its partition if it was never read.

    A file that was read in an earlier version keeps its partition, which shows that version again. Returns the ids of
    the runs.
    """
    runs = [run.run_id for run in runs_that_could_not_read(instance, prompt, request_file)]
    for run_id in runs:
        instance.delete_run(run_id)
    if not _has_been_read(instance, prompt, request_file):
        instance.delete_dynamic_partition(partitions_name(prompt), request_file)
    instance.wipe_asset_cached_status(list(assets))
    return runs


def _has_been_read(instance: dg.DagsterInstance, prompt: str, request_file: str) -> bool:
    filter = AssetRecordsFilter(asset_key=asset_key(prompt, RAW_REQUESTS.name), asset_partitions=[request_file])
    return bool(instance.fetch_materializations(filter, limit=1).records)
