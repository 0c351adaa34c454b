"""The dashboard as a person uses it: the command that serves it, and a real browser in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batch_classifier_tests.support.repository import REPOSITORY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

START_SECONDS, ANSWER_MILLISECONDS = 60.0, 60_000
# Playwright's own browsers cannot be had everywhere; any Chromium of the system does.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Set where a run without a browser is to fail, and not to leave tests out.
NEEDS_BROWSER = "NEEDS_BROWSER"
_OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_ROW_HEIGHT = 35
_SETTLED = """() => !document.querySelector(
    '[data-test-script-state="running"], [data-testid="stSkeleton"], [data-testid="stAppSkeleton"], [data-testid="stStatusWidget"], [data-stale="true"]')"""


def browser_path() -> str | None:
    """Where a browser is that the tests can drive; None where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name)) is not None), None)


@contextmanager
def opened_browser() -> Iterator["Browser"]:
    """A browser; the test is left out where there is none, or fails where `NEEDS_BROWSER` is set."""
    from playwright.sync_api import sync_playwright

    path = browser_path()
    if path is None:
        if os.environ.get(NEEDS_BROWSER):
            pytest.fail(f"none of {', '.join(BROWSERS)} is installed")
        pytest.skip("needs a Chromium browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        yield browser
        browser.close()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(project: Path, port: int | None = None, **environment: str) -> Iterator[str]:
    """The address of a dashboard that was started in a project's folder as a person starts it."""
    port = free_port() if port is None else port
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "batch_classifier.command_line.main", "dashboard", "--port", str(port)]
    with (project / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(address, process, project / "dashboard.log")
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the dashboard does not answer: {log.read_text(encoding='utf-8')[:2_000]}")


@dataclass
class Visit:
    """A person's browser at a dashboard.

    Attributes:
        hosts: whom the browser has asked for anything.
    """

    page: "Page"
    address: str
    hosts: set[str] = field(default_factory=set)

    def go(self, path: str, heading: str) -> None:
        """Open an address, and wait until the page with this heading stands still."""
        self.page.goto(f"{self.address}{path}")
        self.heading(heading)

    def heading(self, name: str) -> None:
        """Wait for the page with this heading to stand still."""
        self.page.get_by_role("heading", name=name, exact=True, level=1).wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is drawn any more."""
        # What a click sets off begins a moment later.
        self.page.wait_for_timeout(250)
        self.page.wait_for_function(_SETTLED)

    def text(self) -> str:
        """All that stands on the page."""
        return str(self.page.locator("body").inner_text())

    def has(self, words: str) -> None:
        """Wait until these words stand on the page."""
        self.page.get_by_text(words).first.wait_for()

    def cells(self, table: int = 0) -> list[list[str]]:
        """What stands in the rows of a table that are in view, as screen readers are told it."""
        grid = self.page.get_by_test_id("stDataFrame").nth(table)
        grid.locator("tbody td").first.wait_for(state="attached")
        rows: list[Any] = grid.locator("tbody tr").all()
        return [[str(cell.text_content() or "") for cell in row.locator("td").all()] for row in rows]

    def choose_row(self, place: int, table: int = 0) -> None:
        """Tick a row of a table, 0 for the first one."""
        grid = self.page.get_by_test_id("stDataFrame").nth(table)
        grid.locator("tbody td").first.wait_for(state="attached")
        grid.scroll_into_view_if_needed()
        box = grid.locator("canvas").first.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + 16, box["y"] + _ROW_HEIGHT * (place + 1) + 17)
        self.settle()

    def axe(self, *rules: str) -> list[str]:
        """What axe-core finds fault with on the page: rule, the element's beginning, why; of these rules alone, if any are given."""
        self.page.evaluate(_axe())
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        found = self.page.evaluate("only => axe.run(document, {...only, resultTypes: ['violations']})", only)
        return [
            f"{rule['id']}: {node['html'][:160]}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


@cache
def _axe() -> str:
    """axe-core's own file, which a package of the tests' set-up carries."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def opened_context(browser: "Browser", **screen: Any) -> Iterator["BrowserContext"]:
    """A browser's own context, with a memory of its own; `screen` as Playwright's `new_context` takes it."""
    context = browser.new_context(**screen)
    context.set_default_timeout(ANSWER_MILLISECONDS)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def visit_in(context: "BrowserContext", address: str) -> Iterator[Visit]:
    """A new page at a dashboard; what the pages before it have loaded is not loaded and compiled again."""
    page = context.new_page()
    try:
        visit = Visit(page, address)
        page.on("request", lambda request: visit.hosts.add(request.url.split("/")[2]))
        yield visit
    finally:
        page.close()


@contextmanager
def visiting(browser: "Browser", address: str, **screen: Any) -> Iterator[Visit]:
    """The same in a context of its own, as of another person."""
    with opened_context(browser, **screen) as context, visit_in(context, address) as visit:
        yield visit
