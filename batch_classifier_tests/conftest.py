"""Projects in temporary folders for all tests, and nothing of this machine's own settings."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import HealthCheck, settings

from batch_classifier.inference.prices import Price
from batch_classifier_tests.support.dashboard import browser_path
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.quick_storage import quick
from batch_classifier_tests.support.scripted_inference import Reply, ScriptedInference, by_keyword
from batch_classifier_tests.support.stored_instance import stored_instance_in

# The same examples in every run, so that a run fails for a change and not by chance; a busy machine makes none of them fail.
settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# For hours by hand: other examples in every run, and many of them.
settings.register_profile("search", settings.get_profile("ci"), derandomize=False, max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# The files that take longest, which begin first (`--no-loadscope-reorder`), so that all cores have work until the end.
LONGEST = (
    "dashboard/test_pages.py",
    "faults/test_faults.py",
    "command_line/test_command_line.py",
    "pipeline/test_pipeline.py",
    "command_line/test_evaluate.py",
    "defs/sensors/test_finished_jobs.py",
    "test_wheel.py",
    "corrections/test_corrections.py",
    "command_line/test_status.py",
    "command_line/test_waits.py",
    "prompts/test_hostile_prompts.py",
    "pipeline/test_aws_forget.py",
    "command_line/test_ui.py",
    "command_line/test_train.py",
    "pipeline/test_aws_corrections.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))


def pytest_collection_finish() -> None:
    """Have Python's collector leave alone what stays for good: the modules, and thousands of tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what is left out without a browser."""
    if browser_path() is None:
        terminalreporter.write_line(
            "The dashboard's tests in a browser were left out: there is no Chromium on this machine."
        )


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    """Tests say what they set; a developer's own variables must not decide them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("BATCH_CLASSIFIER_") or name == "DAGSTER_HOME":
                patch.delenv(name)
        yield


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Project]]:
    """Makes projects that live as long as a test module."""
    instances: list[dg.DagsterInstance] = []

    def make(reply: Callable[[str], Reply] = by_keyword, price: Price | None = None, **prompt: Any) -> Project:
        home = tmp_path_factory.mktemp("project")
        instances.append(quick(dg.DagsterInstance.ephemeral()))
        project = Project(home, ScriptedInference(home, reply, price), instances[-1])
        project.set_prompt(**prompt)
        return project

    yield make
    for instance in instances:
        instance.dispose()


@pytest.fixture(scope="module")
def stored_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance on the disk, as sensors need it."""
    with stored_instance_in(tmp_path_factory.mktemp("dagster")) as instance:
        yield instance


@pytest.fixture
def stored_project(tmp_path: Path, stored_instance: dg.DagsterInstance) -> Project:
    """A project of its own for one test; its prompt has a name of its own too, for the tests share Dagster's memory."""
    name = f"tickets{len(list(tmp_path.parent.iterdir()))}"
    project = Project(tmp_path / "project", ScriptedInference(tmp_path / "project"), stored_instance, name)
    project.set_prompt()
    return project


@pytest.fixture
def project(projects: Callable[..., Project]) -> Project:
    """A project of its own for one test."""
    return projects()
