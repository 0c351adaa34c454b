"""`batch-classifier forget`: a record, a file or some words, removed from every place."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Remove a record, a file or all texts with some words from every place where they lie.\n\n"
    "Example: batch-classifier forget --record-id A-17 --prompt travel"
)
@ends_with_exit_code
def forget(
    record_id: Annotated[
        str | None, typer.Option("--record-id", help="The rows of this record, in whatever request file.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", help="All rows of a request file; its path below input_data/<prompt>/.")
    ] = None,
    text_like: Annotated[
        str | None,
        typer.Option("--text-like", help="All rows with these words, upper and lower case alike; no wildcards."),
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="Only this prompt's; by default all.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Show what was found, ask, and remove it; 1 when the answer is no."""
    with quick_start():
        from batch_classifier.command_line.forget import forget_texts
        from batch_classifier.warehouse.wanted import KeyKind

    return forget_texts({KeyKind.RECORD_ID: record_id, KeyKind.FILE: file, KeyKind.TEXT_LIKE: text_like}, prompt, yes)
