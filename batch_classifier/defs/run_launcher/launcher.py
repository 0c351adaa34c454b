"""The run launcher that dagster.yaml names: a run starts from a process that has everything imported.

Dagster's own starts a new Python for each run, in which importing Dagster and the assets takes longer than classifying a
small file. What this one cannot launch, it leaves to Dagster's.
"""

import logging
import os
import signal
import sys
import threading
from typing import Any

import dagster as dg
import psutil

from batch_classifier.defs.names import PROCESS_TAG
from batch_classifier.defs.run_launcher.unusable_prompts import UnusablePrompts
from batch_classifier.defs.run_launcher.warm_process import CannotStart, WarmProcess, code_as_it_is
from batch_classifier.defs.run_process import process_of, run_process

_LOGGER = logging.getLogger(__name__)


class WarmRunLauncher(dg.DefaultRunLauncher):
    """Launches runs from a warm process on Linux, where a process can safely be forked; elsewhere as Dagster does."""

    def __init__(self, inst_data: Any = None) -> None:
        super().__init__(inst_data)
        self._lock = threading.Lock()
        self._prompts = UnusablePrompts()
        self._warm: WarmProcess | None = None
        self._is_warmable = sys.platform == "linux"

    def launch_run(self, context: Any) -> None:
        """Begin the run; raises what Dagster's own raises, and RuntimeError when the warm process ended meanwhile."""
        run = context.dagster_run
        if (fault := self._prompts.sentence(run)) is not None:
            self._instance.report_run_failed(run, fault)
            return
        arguments = _arguments(run, self._instance) if self._is_warmable else None
        warm = self._warm_process() if arguments is not None else None
        if warm is None or arguments is None:
            super().launch_run(context)
            return
        process_id = warm.launch(run.run_id, arguments)
        try:
            mark = run_process(run.run_id, psutil.Process(process_id)).as_tag()
        except psutil.NoSuchProcess:
            # It is over already.
            return
        self._instance.add_run_tags(run.run_id, {PROCESS_TAG: mark})

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's process, from whatever process this is asked; False when there is nothing to interrupt."""
        run = self._instance.get_run_by_id(run_id) if self.has_instance else None
        if run is None or run.is_finished:
            return False
        process = process_of(run)
        if _is_launched_by_dagster(run) or process is None or not process.is_of_this_host() or process.is_gone():
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        os.kill(process.process_id, signal.SIGINT)
        return True

    def dispose(self) -> None:
        """Let the warm process end; runs that it has begun go on to their end."""
        with self._lock:
            if self._warm is not None:
                self._warm.close()
                self._warm = None
        super().dispose()

    def _warm_process(self) -> WarmProcess | None:
        """The warm process; a new one when the old one has ended or the package has changed since. None: it cannot start."""
        with self._lock:
            if self._warm is not None and (self._warm.has_ended or self._warm.code != code_as_it_is()):
                self._warm.close()
                self._warm = None
            if self._warm is None and self._is_warmable:
                try:
                    self._warm = WarmProcess(self._ended)
                except CannotStart as error:
                    self._is_warmable = False
                    _LOGGER.warning("Runs are started as Dagster does, some seconds slower each: %s", error)
            return self._warm

    def _ended(self, run_id: str, exit_code: int) -> None:
        """A run's process has ended; one that was killed could not say so itself."""
        if exit_code == 0 or not self.has_instance:
            return
        run = self._instance.get_run_by_id(run_id)
        if run is None:
            return
        if run.status is dg.DagsterRunStatus.CANCELING:
            self._instance.report_run_canceled(run)
        elif not run.is_finished:
            how = f"by signal {-exit_code}" if exit_code < 0 else f"with exit code {exit_code}"
            self._instance.report_run_failed(
                run, f"The run's process ended {how}; materialize again, it goes on from there."
            )
        self._instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def _arguments(run: dg.DagsterRun, instance: dg.DagsterInstance) -> list[str] | None:
    """What `dagster` is called with to execute the run, as every run launcher calls it; None where that is not possible here."""
    origin = run.job_code_origin
    if origin is None or origin.repository_origin.executable_path != sys.executable:
        return None
    try:
        # What the launchers for ECS, Kubernetes and Docker are made with; it has no public name.
        from dagster._grpc.types import ExecuteRunArgs

        made = ExecuteRunArgs(job_origin=origin, run_id=run.run_id, instance_ref=instance.get_ref())
        return ["api", "execute_run", dg.serialize_value(made)]
    except (ImportError, TypeError) as error:
        _LOGGER.warning("This version of Dagster starts its runs in another way: %s", error)
        return None


def _is_launched_by_dagster(run: dg.DagsterRun) -> bool:
    return ".dagster/grpc_info" in run.tags
