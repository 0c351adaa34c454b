"""The job that trains the prompts' own models, and the schedule that has it run at night."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from batch_classifier.defs.names import LOCAL_MODEL, TRAIN_LOCAL_MODELS, asset_key, op_name
from batch_classifier.defs.prompt_job import AssetJob
from batch_classifier.prompts.prompt import Prompt

_DESCRIPTION = "Train the prompts' own models"


def build_training_job(prompts: Sequence[Prompt]) -> AssetJob:
    """The job `train_local_models`, over all prompts."""
    return dg.define_asset_job(
        name=TRAIN_LOCAL_MODELS,
        selection=dg.AssetSelection.assets(*(asset_key(prompt.name, LOCAL_MODEL) for prompt in prompts)),
        description=f"{_DESCRIPTION} on the labels, corrections and answers that there are.",
    )


def build_training_schedule(prompts: Sequence[Prompt], job: AssetJob) -> dg.ScheduleDefinition:
    """The schedule of the same name: nightly, and only the models that have something new to learn from."""
    return dg.ScheduleDefinition(
        name=TRAIN_LOCAL_MODELS,
        job=job,
        cron_schedule="0 1 * * *",
        run_config=nightly_config(prompts),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Nightly: {_DESCRIPTION[0].lower()}{_DESCRIPTION[1:]}, where there is something new to learn from.",
    )


def nightly_config(prompts: Sequence[Prompt]) -> dict[str, Any]:
    """A run's configuration with which a model is left as it is where there is nothing new."""
    return {"ops": {op_name(prompt.name, LOCAL_MODEL): {"config": {"only_where_new": True}} for prompt in prompts}}
