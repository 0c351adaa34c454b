"""`batch-classifier init`: a project's files, all of them or none, and nothing of anybody's is overwritten."""

import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from batch_classifier.command_line import init
from batch_classifier.command_line.main import command_line
from batch_classifier.settings import PREFIX, Settings
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.repository import REPOSITORY

WRITTEN = {".env", ".gitignore", "README.md", "dagster.yaml", "prompts", "workspace.yaml"}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> Result:
    """One command, in the current folder."""
    return CliRunner().invoke(command_line, [str(argument) for argument in arguments])


def refused(folder: str | Path) -> str:
    """The one sentence with which init refuses a folder; what is in the folder is as it was."""
    before = content_of(Path())
    result = run("init", folder)
    lines = result.output.strip().split("\n")
    assert result.exit_code == 1 and len(lines) == 1 and is_one_sentence(lines[0]), result.output
    assert content_of(Path()) == before
    return lines[0]


def content_of(folder: Path) -> dict[str, bytes | None]:
    """Every entry below a folder, files with their content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not path.is_dir() or path.is_symlink() or not any(path.iterdir())
    }


def test_init_writes_a_project() -> None:
    result = run("init", "my-project")
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path("my-project").iterdir()} == WRITTEN
    assert "cd my-project" in result.output and all(name in result.output for name in WRITTEN)
    assert [path.name for path in Path().iterdir()] == ["my-project"]


def test_prompts_and_dagsters_files_are_the_repositorys() -> None:
    run("init", "my-project")
    for path in (REPOSITORY / "dagster.yaml", REPOSITORY / "workspace.yaml", *(REPOSITORY / "prompts").glob("*.yaml")):
        assert Path("my-project", path.relative_to(REPOSITORY)).read_bytes() == path.read_bytes()
    shipped = {path.name for path in Path("my-project/prompts").iterdir()}
    assert shipped == {path.name for path in (REPOSITORY / "prompts").glob("*.yaml")} >= {"travel.yaml"}


def test_a_folder_with_other_things_is_taken() -> None:
    Path("my-project/.git").mkdir(parents=True)
    Path("my-project/notes.txt").write_text("mine")
    assert run("init", "my-project").exit_code == 0
    assert {path.name for path in Path("my-project").iterdir()} == {*WRITTEN, ".git", "notes.txt"}
    assert Path("my-project/notes.txt").read_text() == "mine"


def test_the_current_folder_is_taken() -> None:
    assert run("init", ".").exit_code == 0
    assert {path.name for path in Path().iterdir()} == WRITTEN


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_nothing_is_overwritten(name: str) -> None:
    Path("my-project").mkdir()
    Path("my-project", name).write_text("mine")
    sentence = refused("my-project")
    assert f"my-project has {name} already" in sentence


def test_everything_that_is_in_the_way_is_named() -> None:
    assert run("init", "my-project").exit_code == 0
    sentence = refused("my-project")
    assert all(name in sentence for name in WRITTEN)


def test_a_link_in_the_way_is_not_followed() -> None:
    Path("my-project").mkdir()
    Path("my-project/.env").symlink_to("../elsewhere")
    assert ".env" in refused("my-project")


@pytest.mark.parametrize(
    ("folder", "words"),
    [("file.txt", "is a file"), ("nowhere/my-project", "no folder nowhere"), ("link", "leads nowhere")],
)
def test_what_is_no_folder_is_refused(folder: str, words: str) -> None:
    Path("file.txt").write_text("mine")
    Path("link").symlink_to("missing")
    assert words in refused(folder)


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are POSIX's")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_project_that_cannot_be_written_leaves_nothing(monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    if is_there:
        Path("my-project").mkdir()
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if target.name in ("README.md", "my-project"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    assert "No space left on device" in refused("my-project")


def test_an_installation_without_the_files_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(init, "CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(init, "PACKAGED", tmp_path / "nowhere")
    assert "built from the whole repository" in refused("my-project")


def test_the_environment_file_names_every_setting_and_sets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)
    text = init.environment_file()
    assert all(line.startswith("#") for line in text.splitlines() if line)
    assert re.findall(rf"^#{PREFIX}(\w+)=", text, re.MULTILINE) == [name.upper() for name in Settings.model_fields]
    assert "None" not in text
    Path(".env").write_text(re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE), encoding="utf-8")
    defaults = Settings(_env_file=None)  # type: ignore[call-arg]
    assert Settings() == defaults, "what it names are the defaults"


def test_the_environment_file_stays_out_of_version_control() -> None:
    run("init", "my-project")
    ignored = Path("my-project/.gitignore").read_text(encoding="utf-8").split("\n")
    assert ".env" in ignored and "data/" in ignored
