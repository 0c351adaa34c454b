"""Runs of the command line are known to Dagster's overview, which leaves out those without an origin."""

from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.defs.run_origin import shown_in_overview
from batch_classifier_tests.support.repository import REPOSITORY


@dg.op
def nothing() -> None:
    """Nothing."""


@dg.job
def classify_travel() -> None:
    nothing()


def run_in(workspace: Path) -> list[dg.DagsterRun]:
    """The runs of an instance: one made within, and one after it."""
    with dg.DagsterInstance.ephemeral() as instance:
        with shown_in_overview(instance, "classify_travel", workspace):
            assert classify_travel.execute_in_process(instance=instance).success
        assert classify_travel.execute_in_process(instance=instance).success
        return [record.dagster_run for record in instance.get_run_records(ascending=True)]


def test_a_run_is_of_the_code_location_that_the_workspace_names() -> None:
    within, after = run_in(REPOSITORY / "workspace.yaml")
    assert within.remote_job_origin is not None and after.remote_job_origin is None
    repository = within.remote_job_origin.repository_origin
    assert repository.repository_name == "__repository__" and within.remote_job_origin.job_name == "classify_travel"
    assert repository.code_location_origin.location_name == "batch_classifier"


@pytest.mark.parametrize("content", [None, "", "load_from: []", "load_from: [{grpc_server: {host: a}}]", "a: ["])
def test_any_other_workspace_changes_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "workspace.yaml").write_text(content, encoding="utf-8")
    assert all(run.remote_job_origin is None for run in run_in(tmp_path / "workspace.yaml"))
