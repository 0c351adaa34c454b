"""The project around a command: settings, prompts and the Dagster instance that keeps its runs."""

import os
from pathlib import Path
from typing import Any

import dagster as dg

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.errors import SettingError


def open_instance() -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME, or of the dagster.yaml in this folder; raises SettingError when there is neither."""
    if os.environ.get("DAGSTER_HOME"):
        instance = dg.DagsterInstance.get()
    elif Path("dagster.yaml").is_file():
        instance = dg.DagsterInstance.from_config(".")
    else:
        raise SettingError(
            "There is no dagster.yaml in this folder; start the command in the project's folder, or make one with `batch-classifier init`."
        )
    end_abandoned_runs(instance)
    return instance


def failure_sentence(event: Any) -> str:
    """What to tell of a failed step: a person's mistake in its own words, anything else with its first line."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    first = error.message.strip().splitlines()[0] if error and error.message.strip() else "it failed without a reason"
    return f"{event.step_key}: {first}"


def was_interrupted(event: Any) -> bool:
    """Whether a step failed because a person interrupted the run."""
    error = event.step_failure_data.error
    while error is not None and error.cls_name != "DagsterExecutionInterruptedError":
        error = error.cause
    return error is not None
