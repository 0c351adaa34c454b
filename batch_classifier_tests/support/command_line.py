"""The command line as a person uses it: a project's folder, commands given in it, and what a mistake is answered with."""

import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from batch_classifier.command_line.main import command_line
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.repository import PROMPTS, REPOSITORY, sample_prompt


def make_project(folder: Path) -> Project:
    """A project's folder as the command line needs it, with a small prompt, the one of the sample data, and a third."""
    project = Project(folder / "data", None, None)  # type: ignore[arg-type]
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    project.set_prompt()
    shutil.copytree(project.prompts, folder / "prompts")
    shutil.copy(sample_prompt("travel"), folder / "prompts")
    shutil.copy(PROMPTS / "lost_deals.yaml", folder / "prompts")
    return project


def run(*arguments: str | Path) -> Result:
    """One command, in the current folder."""
    return CliRunner().invoke(command_line, [str(argument) for argument in arguments])


def told(result: Result) -> str:
    """The one sentence that a mistake is answered with, checked to be one."""
    lines = [line for line in result.output.split("\n") if line.startswith("Error: ")]
    assert result.exit_code == 1 and len(lines) == 1, result.output
    assert is_one_sentence(lines[0]) and "Traceback" not in result.output
    return lines[0]
