"""One dashboard and one browser for all tests of a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.dashboard import Visit, opened_browser, opened_context, served, visit_in
from batch_classifier_tests.support.looked_at_tables import FILES, put
from batch_classifier_tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A browser."""
    with opened_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the looked-at tables."""
    folder = tmp_path_factory.mktemp("dashboard")
    made = make_project(folder)
    for request_file, rows in FILES.items():
        put(made.warehouse, made.prompt, request_file, rows)
    return made


@pytest.fixture(scope="module")
def address(project: Project, browser: "Browser") -> Iterator[str]:
    """Where the project's dashboard is."""
    with served(Path(project.home).parent) as at:
        yield at


@pytest.fixture(scope="module")
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    """A person's browser: to load Streamlit's scripts for each test anew took a third of all tests' time."""
    with opened_context(browser, viewport={"width": 1280, "height": 1_000}, reduced_motion="reduce") as opened:
        yield opened


@pytest.fixture
def visit(context: "BrowserContext", address: str) -> Iterator[Visit]:
    """A person who opens a page."""
    with visit_in(context, address) as one:
        yield one
