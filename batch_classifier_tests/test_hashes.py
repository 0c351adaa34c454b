"""What is downloaded to run, to develop and for the image is compared with hashes, which go with constraints.txt."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from batch_classifier_tests.support.repository import REPOSITORY

HASHES = REPOSITORY / "hashes"
# The list and the extras of the project that it is for.
LISTS = {"run": ["ui", "aws", "dashboard"], "develop": ["ui", "aws", "dashboard", "dev"]}
MINISTACK = REPOSITORY / "batch_classifier_tests" / "emulators" / "ministack.txt"
# What a list of hashes is behind is mended by this.
ANEW = "run `make hashes`"


@dataclass(frozen=True)
class Locked:
    """A package of a list: its name, its version, the systems that it is for, and its hashes."""

    name: str
    version: str
    is_for_all: bool
    hashes: tuple[str, ...]


def locked(name: str) -> Iterator[Locked]:
    text = (HASHES / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in (line for line in text.splitlines() if not line.startswith("#")):
        written, *hashes = re.split(r"\s+--hash=", line.strip())
        wanted = Requirement(written)
        (specifier,) = wanted.specifier
        assert specifier.operator == "=="
        yield Locked(canonicalize_name(wanted.name), specifier.version, wanted.marker is None, tuple(hashes))


def pins_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), "a name and a version, and nothing else"
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


@pytest.mark.parametrize("name", [*LISTS, "ministack"])
def test_every_package_has_hashes_and_no_place_is_named(name: str) -> None:
    packages = list(locked(name))
    assert packages and all(package.hashes for package in packages)
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for package in packages for one in package.hashes)
    text = (HASHES / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text and "index" not in text


@pytest.mark.parametrize(
    ("name", "pins"),
    [
        ("run", REPOSITORY / "constraints.txt"),
        ("develop", REPOSITORY / "constraints.txt"),
        ("ministack", MINISTACK),
    ],
)
def test_versions_are_those_that_were_tested_together(name: str, pins: Path) -> None:
    """What only other systems need, which were not tested, has a marker that says so."""
    tested = pins_of(pins)
    differing = [
        package.name
        for package in locked(name)
        if package.version != tested.get(package.name, None if package.is_for_all else package.version)
    ]
    assert differing == [], ANEW


@pytest.mark.parametrize("name", LISTS)
def test_nothing_that_the_project_asks_for_is_missing(name: str) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(one for extra in LISTS[name] for one in project["optional-dependencies"][extra]),
    ]
    names = {package.name for package in locked(name)}
    assert [one for one in asked if canonicalize_name(Requirement(one).name) not in names] == [], ANEW
    assert "setuptools" in names, "the project itself is built without a download"


def test_the_lists_are_what_the_image_and_the_workflows_install() -> None:
    image = (REPOSITORY / "deploy" / "aws" / "Dockerfile").read_text(encoding="utf-8")
    installs = re.findall(r"^RUN pip install (.+)$", image, re.MULTILINE)
    assert len(installs) == 2 and "--require-hashes --requirement hashes/run.txt" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]
    for workflow in (REPOSITORY / ".github" / "workflows").glob("*.yml"):
        text = workflow.read_text(encoding="utf-8")
        assert text.count("HASHED: 1") == len(re.findall(r"- run: (?:\.ci/run|make )", text)), workflow.name
        assert "pip install" not in text
