"""The nightly job, and files that are as old as a test needs them."""

import os
import time
from pathlib import Path

import dagster as dg

from batch_classifier_tests.support.project import Project

DAY = 24 * 3600.0


def night(project: Project) -> dg.ExecuteInProcessResult:
    """The nightly job."""
    job = project.definitions.resolve_job_def("rerun_unfinished")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return job.execute_in_process(instance=project.instance, run_config=quiet, raise_on_error=False)


def let_be_old(path: Path, days: float) -> None:
    """Let a file have been changed so many days ago."""
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
