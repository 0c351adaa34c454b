"""`batch-classifier discover`: what is missing from a prompt's categories, or categories for texts that have none yet."""

from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Group the texts that fit none of a prompt's categories, and propose new ones; with a FILE, draft a whole prompt file.\n\n"
    "Example: batch-classifier discover --prompt travel --add 1 --name 'Lost Luggage'"
)
@ends_with_exit_code
def discover(
    file: Annotated[
        Path | None, typer.Argument(help="A file of texts without categories, in any format that can be read.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", help="The prompt whose classified texts are looked at.")
    ] = None,
    add: Annotated[
        int | None,
        typer.Option("--add", help="Write the group of this number into the prompt file, as a category to edit."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The new category's name; else its telling words.")] = None,
    groups: Annotated[
        int | None,
        typer.Option(
            "--groups",
            min=2,
            max=200,
            help="How many groups there are to be; else as many as are far apart, 12 at most.",
        ),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="With a FILE: the column that holds the text.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="With a FILE: the prompt file to write; it must not be there yet.")
    ] = None,
) -> int:
    """Show the groups; 1 when there is nothing to show."""
    with quick_start():
        from batch_classifier.command_line.discover import discover_in_file, discover_in_prompt
        from batch_classifier.errors import SettingError

    if (file is None) == (prompt is None):
        raise SettingError(
            "Name either a prompt, as in `discover --prompt travel`, or a file, as in `discover calls.csv`."
        )
    if file is not None:
        if add is not None or name is not None:
            raise SettingError("--add and --name go with --prompt; for a FILE give --output.")
        return discover_in_file(file, text, output, groups)
    if text is not None or output is not None:
        raise SettingError("--text and --output go with a FILE; with --prompt give --add.")
    return discover_in_prompt(str(prompt), add, name, groups)
