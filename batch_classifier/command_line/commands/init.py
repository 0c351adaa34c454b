"""`batch-classifier init`: a project in a folder of its own."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.terminal import say

application = typer.Typer()


@application.command(
    help="Make a project of your own: prompts, settings and what Dagster needs, in a new folder.\n\n"
    "Example: batch-classifier init my-project"
)
@ends_with_exit_code
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make, or one that is there; nothing is overwritten.")],
) -> int:
    """Write a project's files and say what to try first."""
    from batch_classifier.command_line.init import make_project

    names = make_project(folder)
    say(f"{folder} is ready: {', '.join(names)}.", "")
    say("Next:")
    for command, meaning in (
        (f"cd {shlex.quote(str(folder))}", ""),
        ("batch-classifier sample --rows 500 --output calls.csv", "a labelled file to try"),
        ("batch-classifier classify calls.csv --prompt travel", "its texts, classified"),
        ("dagster dev", "the Dagster UI at http://localhost:3000"),
    ):
        say(f"  {command:<56}{meaning}".rstrip())
    return 0
