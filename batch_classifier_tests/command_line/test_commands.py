"""Commands are files in a folder: what is dropped in is a command, and their libraries are loaded when they are called."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from batch_classifier.command_line import commands
from batch_classifier.command_line.main import ORDER, gather

DROPPED_IN = """
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.errors import ClassifierError

application = typer.Typer()


@application.command(help="Count to a number.")
@ends_with_exit_code
def at_last(number: Annotated[int, typer.Option("--number", help="The last one.")]) -> int:
    if number < 1:
        raise ClassifierError("The number is too small; give one above 0.")
    print(*range(1, number + 1))
    return number
"""
# What takes long to load, and what only some installations have.
LOADED_WHEN_USED = ["boto3", "botocore", "dagster", "duckdb", "jinja2", "numpy", "pandas", "pyarrow", "yaml"]
HELP = f"""
import sys
from batch_classifier.command_line.main import command_line
for command in sys.argv[1:]:
    try:
        command_line([*command.split(), "--help"])
    except SystemExit as ended:
        assert not ended.code, ended.code
print("loaded:", *[name for name in {LOADED_WHEN_USED} if name in sys.modules])
"""


def names(command_line: typer.Typer) -> list[str]:
    return list(typer.main.get_command(command_line).commands)  # type: ignore[attr-defined]


def shown_as(modules: list[str]) -> list[str]:
    """Names of modules as those of commands."""
    return [name.replace("_", "-") for name in modules]


@pytest.fixture
def with_one_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command line where a file was dropped into the folder of the commands, and nothing else was done."""
    (tmp_path / "at_last.py").write_text(DROPPED_IN)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "batch_classifier.command_line.commands.at_last", raising=False)
    return gather()


def test_a_file_dropped_in_is_a_command_after_those_that_have_a_place(with_one_more: typer.Typer) -> None:
    assert names(with_one_more)[: len(ORDER)] == shown_as(ORDER)
    assert "at-last" in names(with_one_more)[len(ORDER) :]
    shown = CliRunner().invoke(with_one_more, ["--help"]).output
    assert "at-last" in shown and "Count to a number." in shown


def test_it_ends_with_its_exit_code_or_a_sentence(with_one_more: typer.Typer) -> None:
    counted = CliRunner().invoke(with_one_more, ["at-last", "--number", "3"])
    assert (counted.output, counted.exit_code) == ("1 2 3\n", 3)
    refused = CliRunner().invoke(with_one_more, ["at-last", "--number", "0"])
    assert (refused.output, refused.exit_code) == ("Error: The number is too small; give one above 0.\n", 1)


def test_every_place_in_the_order_is_a_commands() -> None:
    files = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert set(ORDER) <= files and names(gather())[: len(ORDER)] == shown_as(ORDER)
    assert len(names(gather())) == len(files), "a file is a command"


def test_help_loads_nothing_that_only_a_command_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP, "", *names(gather())], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded:"
