"""Runs of the command line stand in Dagster's overview: they carry the origin that a run has which was started there.

A run in this process has none of its own, and the overview leaves out what it can't tell the code location of. How an origin is made is
Dagster's own affair (1.13), and is done nowhere else.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml


@contextmanager
def shown_in_overview(
    instance: dg.DagsterInstance, job: str, workspace: Path = Path("workspace.yaml")
) -> Iterator[None]:
    """Give the runs of this job that are made meanwhile the origin of the workspace's first code location; none where that isn't clear."""
    origin = _origin(job, workspace)
    if origin is None:
        yield
        return
    create = instance.create_run_for_job
    instance.create_run_for_job = functools.partial(create, remote_job_origin=origin)  # type: ignore[method-assign]
    try:
        yield
    finally:
        del instance.create_run_for_job


def _origin(job: str, workspace: Path) -> Any:
    try:
        module = yaml.safe_load(workspace.read_text(encoding="utf-8"))["load_from"][0]["python_module"]
        from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
        from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
        from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

        target = LoadableTargetOrigin(
            module_name=module["module_name"], working_directory=str(workspace.absolute().parent)
        )
        location = ManagedGrpcPythonEnvCodeLocationOrigin(target, module["location_name"])
        return RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME).get_job_origin(job)
    except (OSError, ImportError, LookupError, TypeError, AttributeError, ValueError, yaml.YAMLError, dg.DagsterError):
        # A project may have another kind of workspace, and Dagster another kind of origin: runs are not shown there then, and work as ever.
        return None
