"""What a contributor reads and what checks a change: documents that name what is there, and the same checks everywhere."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier_tests.support.repository import REPOSITORY

DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/*.md", "deploy/**/*.md", ".github/**/*.md", "batch_classifier/**/*.md")
    for path in sorted(REPOSITORY.glob(pattern))
]


def text_of(name: str) -> str:
    """A file of the repository."""
    return (REPOSITORY / name).read_text(encoding="utf-8")


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of every table of a document."""
    rows = [line.strip("| ").split(" | ") for line in text.split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows if not set("".join(row)) <= set("- |")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_paths_that_documents_name_are_there(path: Path) -> None:
    named = re.findall(r"`((?:batch_classifier|batch_classifier_tests|docs|prompts)/[\w./]*)`", path.read_text("utf-8"))
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_names_are_in_the_files_that_documents_name_for_them(path: Path) -> None:
    """As in `still_open` in `jobs/attempts.py`, or `Warehouse` (`warehouse/interface.py`)."""
    text = " ".join(path.read_text(encoding="utf-8").split())
    named = re.findall(r"`(\w+)` (?:in |\()`(batch_classifier/[\w./]*\.py)`", text)
    assert [entry for entry in named if not re.search(rf"\b{entry[0]}\b", text_of(entry[1]))] == []


def test_the_architecture_names_every_part_of_the_package() -> None:
    named = {name.strip("`") for row in table_rows(text_of("docs/architecture.md")) for name in row[0].split(", ")}
    parts = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (REPOSITORY / "batch_classifier").iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert parts - named == set()


def test_each_of_the_usual_changes_is_explained() -> None:
    places = text_of("CONTRIBUTING.md").split("## Where a change goes")[1].split("\n## ")[0]
    changes = [row[0] for row in table_rows(places)][1:]
    explained = re.findall(r"^## (.+)$", text_of("docs/changes.md"), re.MULTILINE)
    assert changes == [heading[0].lower() + heading[1:] for heading in explained] and len(changes) == 10


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every key of a prompt file with its default, as docs/prompts.md writes them."""
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        inner, is_list = inner_model(field.annotation)
        if inner is not None:
            if isinstance(field.default, bool):
                # A key that is true or false, or holds more.
                yield prefix + name, f"`{str(field.default).lower()}`"
            yield from keys_of(inner, f"{prefix}{name}{'[]' if is_list else ''}.")
        elif field.is_required():
            yield prefix + name, "required"
        elif field.default is None:
            yield prefix + name, "none"
        else:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            written = yaml.safe_dump(default, default_flow_style=True).removesuffix("\n...\n").strip()
            yield prefix + name, f"`{written}`"


def inner_model(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The part of the schema that a key holds, if it holds one, and whether it holds a list of them."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part, part is not annotation and not {NoneType, bool} & set(get_args(annotation))
    return None, False


def test_every_key_of_a_prompt_file_is_written_down_with_its_default() -> None:
    rows = table_rows(text_of("docs/prompts.md").split("## Every key")[1].split("\n## ")[0])[1:]
    assert [(key.strip("`"), default) for key, default, _ in rows] == list(keys_of(Prompt))


@pytest.mark.parametrize("name", ["README.md", "docs/prompts.md"])
def test_the_prompt_that_is_shown_works(name: str, tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(description: .*?)```", text_of(name), re.DOTALL)
    (tmp_path / "shown.yaml").write_text(shown, encoding="utf-8")
    prompt = load_prompt(tmp_path / "shown.yaml")
    assert all(category.name in prompt.system for category in prompt.categories)


def test_the_changelog_names_this_version_and_modules_that_are_there() -> None:
    text = text_of("CHANGELOG.md")
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert "## [Unreleased]" in text and re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE
    )
    for name in re.findall(r"`(batch_classifier\.defs\.[a-z_.]+)`", text):
        importlib.import_module(name)


def test_each_commit_is_checked_as_make_checks() -> None:
    recipe = text_of("Makefile").split("\ncheck:")[1].split("\n\n")[0]
    commands = [line.removeprefix("\t@$(BIN)/") for line in recipe.split("\n")[1:]]
    hooks = [
        hook
        for repository in yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
        for hook in repository["hooks"]
    ]
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in hooks] == commands
    assert all(hook["language"] == "system" for hook in hooks), "nothing is downloaded at a commit"


def test_the_workflow_runs_what_ci_runs_on_every_python_that_is_supported() -> None:
    workflow = yaml.safe_load(text_of(".github/workflows/checks.yml"))
    (job,) = workflow["jobs"].values()
    versions = job["strategy"]["matrix"]["python"]
    oldest = tomllib.loads(text_of("pyproject.toml"))["project"]["requires-python"].removeprefix(">=")
    assert versions == ["3.11", "3.12", "3.13"] and versions[0] == oldest
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run", "make test-long"]
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used and all(re.search(r"@v\d+", name) for name in used), "actions are pinned by version"


@pytest.mark.parametrize("path", sorted((REPOSITORY / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_githubs_files_are_valid_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)
