"""Waiting for a place in a pool: told, ended by an interrupt, and not for a run that is dead.

A step that finds no place is asked for again and again by Dagster 1.13, without a pause in between (`min([0, …])` in
`dagster/_core/execution/plan/instance_concurrency_context.py`) and without a look at interrupts: the process takes a whole core,
and neither Ctrl-C nor a termination ends it. So the pause is made here, where each attempt passes.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from dagster import DagsterInstance, raise_execution_interrupts

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.defs.names import PARTITION_TAG
from batch_classifier.defs.run_process import process_of

_LOGGER = logging.getLogger(__name__)

PAUSE_SECONDS = 0.2
# A wait that is shorter is not worth a word. As often it is asked whether those that have the places are still alive.
TOLD_AFTER_SECONDS = 5.0

# The methods that are replaced or asked, each with the parameters that are expected.
EXPECTED = {
    "claim_concurrency_slot": ("concurrency_key", "run_id", "step_key", "priority"),
    "get_concurrency_info": ("concurrency_key",),
    "get_concurrency_run_ids": (),
    "free_concurrency_slots_for_run": ("run_id",),
}


class PoolWaits:
    """Takes the place of the storage's method by which a step claims a place in a pool.

    Args:
        storage: Dagster's event log.
        instance: gives the instance that the storage belongs to; it is not there yet when the storage is made.
    """

    def __init__(self, storage: Any, instance: Callable[[], DagsterInstance]) -> None:
        self._claim: Callable[..., Any] = storage.claim_concurrency_slot
        self._info: Callable[[str], Any] = storage.get_concurrency_info
        self._instance = instance
        self._waiting: dict[tuple[str, str], _Wait] = {}
        self._asked_since_pause: set[tuple[str, str]] = set()

    def stand_in(self, storage: Any) -> None:
        """Have the storage claim places by this method from now on."""
        storage.claim_concurrency_slot = self.claim_concurrency_slot

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> Any:
        """Claim a place; where there is none, what Dagster returns then, some time later.

        Raises dagster.DagsterExecutionInterruptedError when the run is interrupted meanwhile.
        """
        status = self._claim(concurrency_key, run_id, step_key, priority)
        step = (run_id, step_key)
        if status.is_claimed:
            self._waiting.pop(step, None)
            self._asked_since_pause.discard(step)
            return status
        wait = self._waiting.setdefault(step, _Wait())
        if wait.is_due():
            end_abandoned_runs(self._instance())
            self._tell(wait, concurrency_key, run_id, step_key)
        self._pause(step)
        # The pause has been made; without this Dagster would let up to 15 s pass before it asks again.
        return status.with_sleep_interval(0.0)

    def _pause(self, step: tuple[str, str]) -> None:
        """Once for all steps that wait in this process, however many they are."""
        if step in self._asked_since_pause:
            self._asked_since_pause.clear()
            with raise_execution_interrupts():
                time.sleep(PAUSE_SECONDS)
        self._asked_since_pause.add(step)

    def _tell(self, wait: "_Wait", pool: str, run_id: str, step_key: str) -> None:
        holders = {slot.run_id for slot in self._info(pool).claimed_slots if slot.run_id != run_id}
        if not holders or holders == wait.told:
            return
        wait.told = holders
        who = " and ".join(sorted(self._described(holder) for holder in holders))
        message = f"{step_key} waits for a place in the pool {pool}, which {who} has."
        _LOGGER.warning(message)
        self._instance().report_engine_event(
            message, dagster_run=self._instance().get_run_by_id(run_id), step_key=step_key
        )

    def _described(self, run_id: str) -> str:
        run = self._instance().get_run_by_id(run_id)
        if run is None:
            return f"the run {run_id[:8]}, which was deleted,"
        of_file = f" of {run.tags[PARTITION_TAG]}" if PARTITION_TAG in run.tags else ""
        process = process_of(run)
        where = "" if process is None else f", process {process.process_id} on {process.host}"
        return f"the run {run_id[:8]} ({run.job_name}{of_file}{where})"


class _Wait:
    """One step's wait for a place."""

    def __init__(self) -> None:
        self._due_at = time.monotonic() + TOLD_AFTER_SECONDS
        self.told: set[str] = set()

    def is_due(self) -> bool:
        """Whether it is time to look around; the next time comes as much later."""
        if time.monotonic() < self._due_at:
            return False
        self._due_at = time.monotonic() + TOLD_AFTER_SECONDS
        return True
