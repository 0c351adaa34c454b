"""`batch-classifier report`: a page to send."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import PromptOption
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Write what a prompt's classifications come to as one HTML page, charts included, to send or to print.\n\n"
    "Example: batch-classifier report --prompt travel --since 2026-01-01 --output report.html"
)
@ends_with_exit_code
def report(
    prompt: PromptOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")],
    since: Annotated[
        datetime.datetime | None,
        typer.Option(
            "--since", formats=["%Y-%m-%d"], help="The first day; each class is compared with the period before."
        ),
    ] = None,
    until: Annotated[
        datetime.datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day; else until now.")
    ] = None,
) -> int:
    """Count and write."""
    with quick_start():
        from batch_classifier.command_line.report import write_report

    return write_report(prompt, since.date() if since else None, until.date() if until else None, output)
