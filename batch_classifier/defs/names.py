"""The names that Dagster knows the parts of a prompt by: made here, and taken apart nowhere else."""

from collections.abc import Iterable

import dagster as dg

# The database file takes one process at a time; steps that hold it for long wait in this pool for each other.
WAREHOUSE_POOL = "duckdb"
LOCAL_MODEL = "local_model"
# A group of their own: what a person selects of a prompt's group is one plain run of a request file, which it is not with an asset
# that has no partitions among them. No prompt is called so, as their names are in lower case.
LOCAL_MODELS_GROUP = "Local_models"
# The job and the schedule that train the prompts' models.
TRAIN_LOCAL_MODELS = "train_local_models"
_JOB_PREFIX = "classify_"
PARTITION_TAG = "dagster/partition"
REASON_TAG = "batch_classifier/reason"
# Dagster's pages show no tags that begin so: it is JSON, and means nothing to people.
PROCESS_TAG = ".dagster/batch_classifier_process"
# Resources that the IO managers ask for.
RUN_PROCESS = "run_process"
DUCKDB = "duckdb"


def asset_key(prompt: str, asset: str) -> dg.AssetKey:
    """The key of a prompt's asset, as in `travel/raw_requests`."""
    return dg.AssetKey([prompt, asset])


def partitions_name(prompt: str) -> str:
    """The name of the partitions that are a prompt's request files."""
    return f"{prompt}_request_files"


def partitions_of(prompt: str) -> dg.DynamicPartitionsDefinition:
    """The request files of a prompt; the key is the file's path below its folder."""
    return dg.DynamicPartitionsDefinition(name=partitions_name(prompt))


def job_name(prompt: str) -> str:
    """The name of the Dagster job that takes one request file of a prompt through all its assets."""
    return f"{_JOB_PREFIX}{prompt}"


def prompts_of(run: dg.DagsterRun) -> set[str]:
    """The prompts that a run's assets are of; from Dagster's pages chosen assets run in a job without a prompt's name."""
    own = run.job_name.removeprefix(_JOB_PREFIX) if run.job_name.startswith(_JOB_PREFIX) else None
    return {own} if own is not None else {key.path[0] for key in run.asset_selection or () if len(key.path) == 2}


def op_name(prompt: str, asset: str) -> str:
    """The name of the step that makes an asset, as a run's configuration has it."""
    return f"{prompt}__{asset}"


def prompts_by_job(prompts: Iterable[str]) -> dict[str, str]:
    """Which prompt each job is of."""
    return {job_name(prompt): prompt for prompt in prompts}
