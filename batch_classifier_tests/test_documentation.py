"""What people read: every command has help with an example, and the README names each, as well as every setting."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import PREFIX, Settings
from batch_classifier_tests.support.repository import REPOSITORY

COMMANDS = sorted(typer.main.get_command(command_line).commands)  # type: ignore[attr-defined]
READMES = [path for path in [REPOSITORY / "README.md"] if path.is_file()]


def help_of(*arguments: str) -> str:
    result = CliRunner().invoke(command_line, [*arguments, "--help"])
    assert result.exit_code == 0
    return result.output


def test_the_commands_are_those_that_people_know() -> None:
    assert {"classify", "prompts", "status", "sample", "demo"} <= set(COMMANDS)
    assert all(command in help_of() for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_help_with_an_example(command: str) -> None:
    text = " ".join(help_of(command).split())
    assert f"Example: batch-classifier {command}" in text
    example = text.split("Example: batch-classifier ")[1].split("Options:")[0].split("Arguments:")[0]
    used = re.findall(r"--[a-z-]+", example)
    assert all(text.count(option) >= 2 for option in used), "an example's options are options of the command"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is(command: str) -> None:
    parameters = typer.main.get_command(command_line).commands[command].params  # type: ignore[attr-defined]
    assert all(getattr(parameter, "help", None) for parameter in parameters if parameter.name != "help")


def test_no_arguments_show_the_help() -> None:
    assert "classify" in CliRunner().invoke(command_line, []).output


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command(path: Path, command: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(rf"batch-classifier[ `]+{command}\b|make {command}\b|\| `{command}\b", text)


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_readme_names_every_setting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [name for name in Settings.model_fields if not re.search(rf"({PREFIX}|`){name.upper()}\b", text)]


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_readme_names_every_key_of_a_prompt_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [key for key in Prompt.model_fields if key != "name" and not re.search(rf"\b{key}\b", text)]


@pytest.mark.parametrize("target", ["demo", "ui", "test", "check", "bench", "clean"])
def test_make_explains_its_targets(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w+", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
