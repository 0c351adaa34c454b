"""Which prompts a running Dagster has loaded: its sensor `request_files` notes them in its cursor, at every tick."""

import json
import time
from collections.abc import Mapping

import dagster as dg

REQUEST_FILES_SENSOR = "request_files"
# A Dagster whose last tick is older than this does not run any more, and loads its prompts when it starts.
_SILENT_SECONDS = 300.0


def cursor_of(tick: int, prompts: Mapping[str, str], unreadable: Mapping[str, str] | None = None) -> str:
    """The sensor's cursor: the number of its tick, and the contents of the prompts by name.

    `unreadable` stands for the files that a prompt's check was last told of, for the prompts that have some.
    """
    return json.dumps({"tick": tick, "prompts": dict(prompts), "unreadable": dict(unreadable or {})})


def loaded_prompts(instance: dg.DagsterInstance) -> dict[str, str] | None:
    """The contents of the prompts that the running Dagster has loaded, by name; None where none runs."""
    found, last = None, time.time() - _SILENT_SECONDS
    for state in instance.all_instigator_state():
        if state.instigator_name != REQUEST_FILES_SENSOR:
            continue
        ticked = getattr(state.instigator_data, "last_tick_start_timestamp", None)
        prompts = _prompts_in(getattr(state.instigator_data, "cursor", None))
        if prompts is not None and ticked is not None and ticked > last:
            found, last = prompts, ticked
    return found


def _prompts_in(cursor: str | None) -> dict[str, str] | None:
    """What a cursor says of prompts; another project's sensor of that name may have a cursor of any form."""
    try:
        content = json.loads(cursor or "")
    except ValueError:
        return None
    prompts = content.get("prompts") if isinstance(content, dict) else None
    return prompts if isinstance(prompts, dict) else None
