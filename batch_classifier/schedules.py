"""The Dagster job of each prompt, and the nightly schedule that takes up what is not finished."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from batch_classifier.assets import partitions_of
from batch_classifier.failures import told_in_one_sentence
from batch_classifier.prompts import Prompt
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse


def build_job(prompt: Prompt) -> UnresolvedAssetJobDefinition:
    """The job that takes one request file of a prompt through all its assets."""
    return dg.define_asset_job(
        name=f"classify_{prompt.name}",
        selection=dg.AssetSelection.groups(prompt.name),
        partitions_def=partitions_of(prompt),
        description=prompt.description,
    )


def build_rerun_schedule(prompts: Sequence[Prompt]) -> dg.ScheduleDefinition:
    """The schedule `rerun_unfinished`, over all prompts."""

    @dg.schedule(
        name="rerun_unfinished",
        cron_schedule="0 2 * * *",
        target=dg.AssetSelection.groups(*(prompt.name for prompt in prompts)),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Nightly: request files that are not finished or ended with failed rows, and, where a prompt says so, "
        "those that an older version of the prompt classified.",
    )
    def rerun_unfinished(
        context: dg.ScheduleEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> list[dg.RunRequest] | dg.SkipReason:
        requests = [
            dg.RunRequest(
                run_key=f"{context.scheduled_execution_time.isoformat()} {prompt.name}/{request_file}",
                partition_key=request_file,
                asset_selection=list(_asset_keys(prompt)),
                tags={"batch_classifier/reason": reason},
            )
            for prompt in prompts
            for request_file, reason in unfinished(prompt, warehouse, context.instance)
        ]
        return requests or dg.SkipReason("Every request file is finished.")

    return rerun_unfinished


def _asset_keys(prompt: Prompt) -> list[dg.AssetKey]:
    names = ("raw_requests", "bedrock_jsonl", "batch_job", "classifications", "category_summary", "result_files")
    return [dg.AssetKey([prompt.name, name]) for name in names]


def unfinished(prompt: Prompt, warehouse: Warehouse, instance: dg.DagsterInstance) -> list[tuple[str, str]]:
    """The request files that should run again, each with the reason."""
    known = set(instance.get_dynamic_partitions(f"{prompt.name}_request_files"))
    with told_in_one_sentence():
        standing = {
            row["request_file"]: row for row in warehouse.query(prompt.name, queries.standing(warehouse, prompt))
        }
    found = []
    for request_file in sorted(known):
        row = standing.get(request_file)
        if row is None or row["classified"] < row["requests"]:
            found.append((request_file, "not finished"))
        elif row["failed"]:
            found.append((request_file, f"{row['failed']} failed requests"))
        elif row["older"] and prompt.rerun_older_versions:
            found.append((request_file, f"{row['older']} requests of an older prompt version"))
    return found
