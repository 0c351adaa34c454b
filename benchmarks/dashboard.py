"""How long the dashboard's pages take over many rows: `python -m benchmarks.dashboard --rows 1000000`.

Each page is opened in a real browser, with other filters each time so that no answer is known yet, until it stands still.
"""

import argparse
import contextlib
import itertools
import os
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from batch_classifier.prompts.loading import load_prompts
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier_tests.support.dashboard import Visit, opened_browser, served, visiting
from batch_classifier_tests.support.repository import REPOSITORY
from benchmarks.large_warehouse import fill_warehouse, home_of

# A page, its heading, and what is asked of it besides a filter.
_PAGES = (
    ("", "Overview", ""),
    ("texts", "Texts", ""),
    ("texts", "Texts", "&words=wheelchair"),
    ("review", "Review", "&queue=Low+confidence"),
    ("quality", "Quality", ""),
    ("cost", "Cost", ""),
)
_PERIODS = ("All+time", "90+days", "30+days", "7+days")


def made_project(rows: int) -> Path:
    """The folder of a project with so many classifications; made once."""
    project = home_of(rows)
    if not (project / "data" / "warehouse.duckdb").is_file():
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir(parents=True)
        for name in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(REPOSITORY / name, project)
        shutil.copytree(REPOSITORY / "prompts", project / "prompts")
        prompt = load_prompts(project / "prompts").get("travel")
        fill_warehouse(DuckDBWarehouse(project / "data" / "warehouse.duckdb"), prompt, rows)
    return project


def seconds_of(
    visit: Visit, page: str, heading: str, asked: str, classes: Sequence[str], rounds: int
) -> list[tuple[float, float]]:
    """How long the page took, and the seconds of CPU of server and browser, each time with another period or class."""
    found = []
    filters = itertools.product(("", *(f"&class={name.replace(' ', '+')}" for name in classes)), _PERIODS)
    for chosen, period in itertools.islice(filters, rounds):
        began, worked = time.monotonic(), _cpu_seconds()
        visit.go(f"/{page}?prompt=travel&period={period}{chosen}{asked}", heading)
        found.append((time.monotonic() - began, _cpu_seconds() - worked))
    return found


def _cpu_seconds() -> float:
    """Of all that this process has started: the dashboard and the browser."""
    seconds = 0.0
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:2])
    return seconds


def main() -> None:
    """Print the median and the 95th percentile of each page, in seconds, and the same of the CPU that server and browser took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    project = made_project(arguments.rows)
    classes = load_prompts(project / "prompts").get("travel").class_names
    print(
        f"{arguments.rows:,} rows\n\n| page | median s | 95th percentile s | CPU, median s | CPU, 95th percentile s |\n| --- | --- | --- | --- | --- |"
    )
    with (
        opened_browser() as browser,
        served(project) as address,
        visiting(browser, address, viewport={"width": 1280, "height": 900}) as visit,
    ):
        visit.go("/", "Overview")
        for page, heading, asked in _PAGES:
            found = seconds_of(visit, page, heading, asked, classes, arguments.rounds)
            shown = " | ".join(
                f"{statistics.median(some):.1f} | {sorted(some)[max(round(0.95 * len(some)) - 1, 0)]:.1f}"
                for some in ([seconds for seconds, _ in found], [work for _, work in found])
            )
            told = f"{heading}{' (search)' if 'words' in asked else ''}"
            print(f"| {told} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
