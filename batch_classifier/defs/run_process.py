"""The process of a run, marked on the run: host, process id and start time, so that a killed run is told from a live one."""

import json
import platform
from dataclasses import asdict, dataclass

import dagster as dg
import psutil

from batch_classifier.defs.names import PROCESS_TAG

# Start times are told to the hundredth of a second, the time of boot to the second, and clocks are set a little now and then.
_SAME_SECONDS = 2.0


@dataclass(frozen=True)
class RunProcess:
    """A process that runs, or ran, a run.

    `started_at` is the start in seconds since 1970, `after_boot` the same in seconds since the machine was started. A clock
    that is set changes one of them at most, on every system.
    """

    run_id: str
    host: str
    process_id: int
    started_at: float
    after_boot: float

    def as_tag(self) -> str:
        """What the run's tag holds."""
        return json.dumps(asdict(self))

    def is_of_this_host(self) -> bool:
        """Whether its process id means anything here."""
        return self.host == platform.node()

    def is_gone(self) -> bool:
        """Whether no such process is there; one that has ended and waits to be collected, or was given the id since, does not count."""
        try:
            process = psutil.Process(self.process_id)
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            started_at = process.create_time()
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False
        after_boot = started_at - psutil.boot_time()
        return abs(started_at - self.started_at) > _SAME_SECONDS and abs(after_boot - self.after_boot) > _SAME_SECONDS


def run_process(run_id: str, process: psutil.Process) -> RunProcess:
    """A process of this machine, as that of a run; raises psutil.NoSuchProcess when it has ended."""
    started_at = process.create_time()
    return RunProcess(run_id, platform.node(), process.pid, started_at, started_at - psutil.boot_time())


def this_process(run_id: str) -> RunProcess:
    """This process, as that of a run."""
    return run_process(run_id, psutil.Process())


def process_of(run: dg.DagsterRun) -> RunProcess | None:
    """The process that a run is marked with; None for one without a mark, and for one that took over another run's tags."""
    try:
        process = RunProcess(**json.loads(run.tags[PROCESS_TAG]))
    except (KeyError, TypeError, ValueError):
        return None
    return process if process.run_id == run.run_id else None


class MarksRunProcess(dg.ConfigurableResource[None]):
    """Marks each run with its process when the run's resources are set up, before its first step."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Tag the run; outside of a run there is nothing to do."""
        if context.run is not None and context.instance is not None:
            mark = this_process(context.run.run_id).as_tag()
            if context.run.tags.get(PROCESS_TAG) != mark:
                context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: mark})
