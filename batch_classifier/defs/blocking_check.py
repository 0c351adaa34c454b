"""Checks that hold up what follows: a run that one of them stops begins with the check's sentence, and not with Dagster's count of checks."""

from collections.abc import Iterator
from typing import Any

import dagster as dg


def blocking_check(pool: str, **specification: Any) -> tuple[dg.AssetCheckSpec, dict[str, Any]]:
    """What `dagster.multi_asset_check` takes for one blocking check: its specification, and the settings of its step."""
    spec = dg.AssetCheckSpec(**specification, blocking=True)
    return spec, {"name": spec.get_python_identifier(), "pool": pool}


def holding_up(result: dg.AssetCheckResult) -> Iterator[dg.AssetCheckResult]:
    """The result, and then the end of the run where it is an error; raises Failure with the check's sentence.

    Dagster ends the step by itself as well, once it is over, with how many checks have failed.
    """
    yield result
    if not result.passed and result.severity is dg.AssetCheckSeverity.ERROR:
        raise dg.Failure(description=result.description, allow_retries=False)
