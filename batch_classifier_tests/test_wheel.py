"""The wheel, built, installed into an environment of its own, and used for a project outside the repository."""

import csv
import json
import os
import shutil
import signal
import site
import socket
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from batch_classifier_tests.support.repository import REPOSITORY

SOURCES = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "dagster.yaml",
    "workspace.yaml",
    "prompts",
    "batch_classifier",
    "batch_classifier_tests",
)
ASSETS = """{repositoriesOrError {... on RepositoryConnection {nodes {assetNodes {assetKey {path}}}} ... on PythonError {message}}}"""


def environment() -> dict[str, str]:
    """The variables of a process that knows nothing of this repository, nor of this machine's settings."""
    ours = ("BATCH_CLASSIFIER_", "DAGSTER_", "PYTHON", "PYTEST_", "AWS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(*command: str | Path, folder: Path) -> str:
    """What a command prints; fails when the command does."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the repository with the tools that are installed."""
    folder = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder, folder=folder)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def binaries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the wheel; what the wheel depends on is this environment's, so nothing is downloaded."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, folder=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A folder that a .pth names is only searched: the .pth in it, such as an editable install's, are not read.
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return folder / "bin"


@pytest.fixture(scope="module")
def project(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that `init` has made."""
    folder = tmp_path_factory.mktemp("work")
    run(binaries / "batch-classifier", "init", "my-project", folder=folder)
    return folder / "my-project"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {"batch_classifier", wheel.name.rsplit("-", 3)[0] + ".dist-info"}
    package = (REPOSITORY / "batch_classifier").rglob("*")
    ours = {path.relative_to(REPOSITORY).as_posix() for path in package if path.is_file()}
    assert not {name for name in ours if "__pycache__" not in name} - names, "every file of the package is in it"


def test_the_installed_package_is_what_runs(binaries: Path, project: Path) -> None:
    found = run(binaries / "python", "-c", "import batch_classifier; print(batch_classifier.__file__)", folder=project)
    assert Path(found.strip()).is_relative_to(binaries.parent)


def test_the_project_starts_with_the_repositorys_files(project: Path) -> None:
    for path in (REPOSITORY / "dagster.yaml", REPOSITORY / "workspace.yaml", *(REPOSITORY / "prompts").glob("*.yaml")):
        assert (project / path.relative_to(REPOSITORY)).read_bytes() == path.read_bytes()


def test_a_file_is_classified_in_the_project(binaries: Path, project: Path) -> None:
    command = binaries / "batch-classifier"
    run(command, "sample", "--rows", "40", "--seed", "7", "--output", "calls.csv", folder=project)
    output = run(command, "classify", "calls.csv", "--prompt", "travel", "--output", "results", folder=project)
    assert "40 rows: " in output
    with (project / "results" / "calls.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40 and all(row["class"] and row["rationale"] for row in rows)
    assert "finished" in run(command, "status", folder=project)
    assert (project / "data" / "warehouse.duckdb").is_file()


@pytest.mark.long
def test_dagster_dev_serves_the_project(binaries: Path, project: Path) -> None:
    """Until its first answer that names the assets of every prompt; then it is interrupted, and ends in good order."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = project / "dagster_dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(binaries / "python"), "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port)],
            cwd=project,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            groups = {key[0] for key in asset_keys(port, process, log)}
            assert groups == {path.stem for path in (REPOSITORY / "prompts").glob("*.yaml")}
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=25) == 0, log.read_text(encoding="utf-8")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def asset_keys(port: int, process: subprocess.Popen[bytes], log: Path) -> list[list[str]]:
    """The assets that Dagster's web server knows, asked for until it has them."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": ASSETS}).encode(),
        {"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = json.load(answer)["data"]["repositoriesOrError"]
        except OSError:
            time.sleep(0.2)
            continue
        assert "message" not in found, found["message"]
        if found["nodes"]:
            return [node["assetKey"]["path"] for repository in found["nodes"] for node in repository["assetNodes"]]
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))
