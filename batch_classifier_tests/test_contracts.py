"""The rules about imports in pyproject.toml: each fails, and names the offender, when a file breaks it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from batch_classifier_tests.support.repository import REPOSITORY

TOOLS = Path(sys.executable).parent
# Contract, as its name begins: the file that breaks it, the line in it, and what the tool says of it.
BREACHES = {
    "The data flows down the folders": (
        "storage/local_folder.py",
        "from batch_classifier.results import csv_file",
        "batch_classifier.storage is not allowed to import batch_classifier.results",
    ),
    "The core knows nothing of Dagster": (
        "results/formulas.py",
        "import dagster",
        "batch_classifier.results.formulas -> dagster",
    ),
    "The way of the texts knows no service": (
        "jobs/places.py",
        "from batch_classifier.inference.bedrock import messages",
        "batch_classifier.jobs is not allowed to import batch_classifier.inference.bedrock",
    ),
    "A service that answers is opened in one place": (
        "defs/checks.py",
        "from batch_classifier.inference.bedrock import messages",
        "batch_classifier.defs.checks -> batch_classifier.inference.bedrock.messages",
    ),
    "AWS's client libraries": (
        "language/text_id.py",
        "import boto3",
        "batch_classifier.language.text_id -> boto3",
    ),
}
# The core may not reach Dagster by way of a module that may import it.
DETOUR = ("answers/labels.py", "from batch_classifier.defs import names")


def copied(folder: Path, lines: Mapping[str, str]) -> Path:
    """A copy of the package and its rules, in which these files have one more line each."""
    for name in ("batch_classifier", "prompts"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    for name, line in lines.items():
        path = folder / "batch_classifier" / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    return folder


def checked(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What a tool says of the copy."""
    tool, *arguments = command
    return subprocess.run(
        [TOOLS / tool, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy in which every contract is broken once."""
    folder = copied(
        tmp_path_factory.mktemp("broken"), {file: line for file, line, _ in BREACHES.values()} | {DETOUR[0]: DETOUR[1]}
    )
    found = checked(folder, "lint-imports", "--no-cache")
    assert found.returncode == 1, found.stdout + found.stderr
    return found.stdout


@pytest.mark.parametrize("contract", BREACHES)
def test_a_contract_that_is_broken_names_the_offender(broken: str, contract: str) -> None:
    assert re.search(rf"^{contract}.* BROKEN\b", broken, re.MULTILINE)
    assert BREACHES[contract][2] in broken


def test_a_detour_is_found(broken: str) -> None:
    lines = [line.strip(" -") for line in broken.splitlines()]
    place = next(place for place, line in enumerate(lines) if line.startswith("batch_classifier.answers.labels ->"))
    assert any(re.match(r"batch_classifier\.defs\.names -> dagster\b", line) for line in lines[place:])


def test_every_contract_is_tried_here(broken: str) -> None:
    assert f"Contracts: 0 kept, {len(BREACHES)} broken." in broken


def test_what_is_as_it_should_be_passes(tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    folder = copied(tmp_path, {})
    for command in (("lint-imports", "--no-cache"), ("ruff", "check", "--no-cache", ".")):
        found = checked(folder, *command)
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("module", ["dagster._core.storage.dagster_run", "dagster._utils.error", "dagster._serdes"])
def test_private_parts_of_dagster_are_refused_outside_the_event_log(tmp_path: Path, module: str) -> None:
    line = f"import {module} as private; private.__name__"
    folder = copied(tmp_path, {"defs/checks.py": line, "defs/event_log/sqlite.py": line})
    found = checked(folder, "ruff", "check", "--no-cache", "--output-format", "concise", "--select", "TID251", ".")
    assert found.returncode == 1
    assert [line.split(":")[0] for line in found.stdout.splitlines() if "TID251" in line] == [
        "batch_classifier/defs/checks.py"
    ]
