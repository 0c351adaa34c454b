"""The pictures in the README, taken in a real browser: `python -m benchmarks.pictures`, after the dashboard's pages or the assets have changed."""

import shutil
import tempfile
from pathlib import Path

from batch_classifier.prompts.loading import load_prompts
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier_tests.support.dashboard import opened_browser, served, visiting
from batch_classifier_tests.support.repository import REPOSITORY
from benchmarks.asset_graph_picture import take_asset_graph
from benchmarks.large_warehouse import fill_warehouse

FOLDER = REPOSITORY / "docs" / "pictures"
_ROWS, _ROWS_A_FILE = 6_000, 400
_SIZE = {"width": 1280, "height": 860}
# The page's name in its picture, its address, its heading.
_PAGES = (
    ("overview", "/?prompt=travel&period=90+days", "Overview"),
    ("review", "/review?prompt=travel&queue=Low+confidence", "Review"),
)


def main() -> None:
    """Make a project of sample calls, and take each page in light and in dark; and the graph of one that Dagster has run."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project = _new_project(Path(folder))
        prompt = load_prompts(project / "prompts").get("travel")
        fill_warehouse(DuckDBWarehouse(project / "data" / "warehouse.duckdb"), prompt, _ROWS, _ROWS_A_FILE)
        with opened_browser() as browser, served(project) as address:
            for scheme in ("light", "dark"):
                with visiting(browser, address, viewport=_SIZE, color_scheme=scheme) as visit:
                    for name, path, heading in _PAGES:
                        visit.go(path, heading)
                        # Charts and tables are drawn a moment after the page stands still.
                        visit.page.wait_for_timeout(2_000)
                        visit.settle()
                        visit.page.screenshot(path=FOLDER / f"{name}_{scheme}.png")
    with tempfile.TemporaryDirectory() as folder, opened_browser() as browser:
        project = _new_project(Path(folder))
        take_asset_graph(browser, project, "travel", FOLDER)


def _new_project(project: Path) -> Path:
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, project)
    shutil.copytree(REPOSITORY / "prompts", project / "prompts")
    return project


if __name__ == "__main__":
    main()
