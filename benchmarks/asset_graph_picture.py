"""The picture of the asset graph in the README, as Dagster draws it once a file has been classified."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from batch_classifier.command_line.ui import require_free

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_HOST, _PORT, _START_SECONDS = "127.0.0.1", 3790, 90
_SIZE = {"width": 1000, "height": 1100}
# The graph alone, without the bars and buttons around it.
_GRAPH = {"x": 72, "y": 205, "width": 870, "height": 800}
# From top to bottom a graph of six steps can be read in a README; what changes from minute to minute stays out.
_CHOICES = {
    "asset-graph-direction": "vertical",
    "asset-node-facets": ["description", "checks", "status", "kind-tag"],
    "dagster-nav-collapsed": True,
}


def take_asset_graph(browser: "Browser", project: Path, prompt: str, folder: Path) -> None:
    """Classify sample calls in a project's folder, and write `asset_graph_light.png` and `asset_graph_dark.png` of a prompt."""
    _run(project, "sample", "--rows", "400", "--seed", "3", "--output", "calls.csv")
    _run(project, "classify", "calls.csv", "--prompt", prompt)
    with _served(project) as address:
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=_SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            for name, choice in _CHOICES.items():
                context.add_init_script(f"localStorage.setItem({json.dumps(name)}, {json.dumps(json.dumps(choice))})")
            page = context.new_page()
            page.goto(f"{address}/locations/batch_classifier/asset-groups/{prompt}/lineage")
            page.get_by_text("result_files").last.wait_for()
            # What the checks said is fetched after the graph is drawn.
            page.wait_for_timeout(5_000)
            page.screenshot(path=folder / f"asset_graph_{scheme}.png", clip=_GRAPH)  # type: ignore[arg-type]
            context.close()


def _run(project: Path, *words: str) -> None:
    command = [sys.executable, "-m", "batch_classifier.command_line.main", *words]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _served(project: Path) -> Iterator[str]:
    require_free(_HOST, _PORT)
    address = f"http://{_HOST}:{_PORT}"
    command = [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml", "-h", _HOST, "-p", str(_PORT)]
    process = subprocess.Popen(
        command,
        cwd=project,
        env={**os.environ, "DAGSTER_HOME": str(project)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{address}/server_info", timeout=2):  # noqa: S310 (this machine itself)
                    break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
