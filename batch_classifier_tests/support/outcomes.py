"""What a run came to, as a person sees it."""

from collections.abc import Sequence
from typing import Any

import dagster as dg


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What a person reads about the first failed step: the Failure's description, or whatever there is instead of one."""
    for event in result.all_node_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return data.user_failure_data.description
            return f"{event.step_key} without a description: {data.error and data.error.to_string()[:2_000]}"
    return "no step failed"


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata values of an asset's materialization."""
    for event in result.all_node_events:
        if event.is_step_materialization and event.asset_key and event.asset_key.path[-1] == asset:
            metadata = event.step_materialization_data.materialization.metadata
            return {name: entry.value for name, entry in metadata.items()}
    raise AssertionError(f"{asset} was not materialized: {failure_of(result)}")


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluations of a run's checks, by name."""
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def materialized(results: Sequence[dg.ExecuteInProcessResult]) -> set[str]:
    """The assets that runs have materialized."""
    return {
        event.asset_key.path[-1]
        for result in results
        for event in result.all_node_events
        if event.is_step_materialization and event.asset_key
    }


def is_one_sentence(message: str) -> bool:
    """Whether a message is fit to be shown to a person: one line that ends, and nothing of Python's."""
    return message.endswith(".") and "\n" not in message and "Traceback" not in message and "Error(" not in message
