"""`batch-classifier corrections`: what people say a text's class is."""

from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import PromptOption
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Bring in, list, write out or take back corrections of classes.\n\n"
    "Example: batch-classifier corrections --prompt travel --import calls.xlsx"
)
@ends_with_exit_code
def corrections(
    prompt: PromptOption,
    imported: Annotated[
        Path | None,
        typer.Option(
            "--import", help="A result file whose column class somebody has edited, or a list of id and class."
        ),
    ] = None,
    exported: Annotated[
        Path | None, typer.Option("--export", help="Write the corrections that hold to this .csv or .xlsx.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List all corrections, the newest first.")] = False,
    withdraw: Annotated[
        str | None, typer.Option("--withdraw", help="Take back the correction of this text id or record id.")
    ] = None,
    results_since: Annotated[
        str | None,
        typer.Option(
            "--results-since",
            help="Make the summaries and result files anew that this set of corrections, or a later one, changes.",
        ),
    ] = None,
    who: Annotated[str | None, typer.Option("--who", help="Who says so; by default the system's user.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason, for rows that give none.")] = None,
    request_file: Annotated[
        str | None,
        typer.Option("--request-file", help="The request file that the imported ids stand in, if they do not tell."),
    ] = None,
) -> int:
    """Do one of the five; 1 when a row of an imported file is wrong, and then nothing is imported."""
    with quick_start():
        from batch_classifier.command_line.corrections import Wanted, change_corrections

    return change_corrections(
        prompt, Wanted(imported, exported, listed, withdraw, results_since, who, why, request_file)
    )
