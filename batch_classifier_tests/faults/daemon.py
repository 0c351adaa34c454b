"""What Dagster's daemon does for a request file, in one process that ends when nothing is left to do.

As the daemon of Dagster 1.13 does, it launches the runs of a tick before it keeps the tick's cursor, and no run key twice: a run that
has the key in its tags was launched, whoever was killed after that.
"""

import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import RunsFilter

from batch_classifier.command_line.project import failure_sentence, open_instance
from batch_classifier.definitions import load_definitions

CURSORS = Path("cursors")
_RUN_KEY = "dagster/run_key"
_SENSORS = ("request_files", "finished_jobs")
_PAUSE_SECONDS = 0.2


def keep(name: str, cursor: str | None) -> None:
    """Keep a sensor's cursor: from now on its tick has been."""
    CURSORS.mkdir(exist_ok=True)
    (CURSORS / name).write_text(cursor or "")


def main() -> int:
    """Tick until two ticks in a row find nothing to wait for; the exit code is 0 when no tick and no run has failed."""
    instance, definitions = open_instance(), load_definitions()
    quiet = failed = 0
    while quiet < 2 and not failed:
        is_waiting = False
        for name in _SENSORS:
            try:
                data = _tick(name, instance, definitions)
            except (dg.Failure, dg.DagsterUserCodeExecutionError) as error:
                failed += 1
                print(f"Error: the sensor {name} failed: {_reason(error)}", file=sys.stderr)
                continue
            is_waiting = is_waiting or bool(data.run_requests) or "wait for their jobs" in _waits(data)
            failed += sum(not _run(request, instance, definitions) for request in data.run_requests or [])
            _keep(name, data.cursor)
        quiet = 0 if is_waiting else quiet + 1
        time.sleep(_PAUSE_SECONDS)
    return 1 if failed else 0


def _keep(name: str, cursor: str | None) -> None:
    # By the module's name: the suite may have put a stop around it.
    sys.modules[__name__].keep(name, cursor)


def _waits(data: Any) -> str:
    message = data.skip_message or ""
    return "" if message.startswith("0 request files") else message


def _tick(name: str, instance: dg.DagsterInstance, definitions: dg.Definitions) -> Any:
    repository = definitions.get_repository_def()
    kept = CURSORS / name
    with dg.build_sensor_context(
        instance=instance,
        instance_ref=instance.get_ref(),
        cursor=kept.read_text() or None if kept.exists() else None,
        repository_def=repository,
        resources=dict(definitions.resources or {}),
    ) as context:
        data = repository.get_sensor_def(name).evaluate_tick(context)
    for request in data.dynamic_partitions_requests or []:
        instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
    return data


def _run(request: dg.RunRequest, instance: dg.DagsterInstance, definitions: dg.Definitions) -> bool:
    """Run what a tick requests, unless that was launched before; False when it has failed."""
    tags = {**request.tags, **({_RUN_KEY: request.run_key} if request.run_key else {})}
    if request.run_key and instance.get_runs(RunsFilter(tags={_RUN_KEY: request.run_key}), limit=1):
        return True
    if request.job_name is None:
        raise ValueError("A run is requested for a job.")
    result = definitions.resolve_job_def(request.job_name).execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        asset_selection=list(request.asset_selection) if request.asset_selection else None,
        tags=tags,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    for event in result.all_node_events:
        if event.is_step_failure:
            print(f"Error: {failure_sentence(event)}", file=sys.stderr)
    return result.success


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, "description", None) or error).split("\n")[0]
