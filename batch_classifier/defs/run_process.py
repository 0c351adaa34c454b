"""The process of a run, marked on the run: host, process id and start time, so that a killed run is told from a live one."""

import json
from dataclasses import asdict, dataclass

import dagster as dg
import psutil

from batch_classifier.defs.names import PROCESS_TAG
from batch_classifier.storage.process_mark import ProcessMark

# Of runs that an earlier version began, and may not have ended.
_TAG_BEFORE = "batch_classifier/process"


@dataclass(frozen=True, kw_only=True)
class RunProcess(ProcessMark):
    """A process that runs, or ran, a run."""

    run_id: str

    def as_tag(self) -> str:
        """What the run's tag holds."""
        return json.dumps(asdict(self))


def run_process(run_id: str, process: psutil.Process) -> RunProcess:
    """A process of this machine, as that of a run; raises psutil.NoSuchProcess when it has ended."""
    return RunProcess.of(process, run_id=run_id)


def this_process(run_id: str) -> RunProcess:
    """This process, as that of a run."""
    return RunProcess.own(run_id=run_id)


def process_of(run: dg.DagsterRun) -> RunProcess | None:
    """The process that a run is marked with; None for one without a mark, and for one that took over another run's tags."""
    try:
        process = RunProcess(**json.loads(run.tags.get(PROCESS_TAG) or run.tags[_TAG_BEFORE]))
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
