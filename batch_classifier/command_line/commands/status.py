"""`batch-classifier status`: the request files and where each stands."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Show the request files and where each stands.\n\nExample: batch-classifier status --prompt travel"
)
@ends_with_exit_code
def status(
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="Only this prompt's files.")] = None,
) -> int:
    """List request files with their rows and how these ended."""
    with quick_start():
        from batch_classifier.command_line.status import show_status

    return show_status(prompt)
