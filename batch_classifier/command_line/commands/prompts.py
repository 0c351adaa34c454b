"""`batch-classifier prompts`: what there is in the folder of prompts, checked; and examples put into one."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import SettingError

application = typer.Typer()


@application.command(
    help="List the prompts and check their files, show what their questions cost, or put corrected texts into one as examples.\n\n"
    "Example: batch-classifier prompts --add-examples travel --most 3"
)
@ends_with_exit_code
def prompts(
    add_examples: Annotated[
        str | None, typer.Option("--add-examples", help="Put corrected texts into this prompt's file as examples.")
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="With --add-examples: this text, by text id or record id.")
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--most", min=1, help="With --add-examples: at most so many of each category, the most different ones."
        ),
    ] = None,
    tokens: Annotated[
        bool,
        typer.Option(
            "--tokens", help="Show what each part of a question costs, and what several texts a record would cost."
        ),
    ] = False,
) -> int:
    """Show what each prompt is for; 1 when a file has an error."""
    if add_examples is not None:
        from batch_classifier.command_line.add_examples import add_corrected_examples

        return add_corrected_examples(add_examples, ids or [], most)
    if ids or most is not None:
        raise SettingError("--id and --most go with --add-examples.")
    if tokens:
        from batch_classifier.command_line.prompt_tokens import show_tokens

        return show_tokens()
    from batch_classifier.command_line.paid_again import told_of_paid_again
    from batch_classifier.command_line.tables import print_table
    from batch_classifier.inference.open_inference import open_inference
    from batch_classifier.inference.prompt_faults import prompt_faults, prompt_warnings
    from batch_classifier.prompts.loading import load_prompts
    from batch_classifier.settings import load_settings

    settings = load_settings()
    folder = load_prompts(settings.prompts)
    inference = None
    try:
        inference = open_inference(settings)
        errors = prompt_faults(folder, settings.prompts, inference)
    except SettingError as error:
        errors = [*prompt_faults(folder, settings.prompts, None), str(error)]
    print_table(
        ["prompt", "categories", "version", "model", "what it is for"],
        [
            [prompt.name, str(len(prompt.categories)), prompt.version, prompt.model.id, prompt.description]
            for prompt in folder.prompts.values()
        ],
    )
    for sentence in errors:
        say(f"Error: {sentence}", is_error=True)
    for sentence in prompt_warnings(folder, settings.prompts, inference):
        say(f"Warning: {sentence}")
    if inference is not None:
        say(*told_of_paid_again(settings, list(folder.prompts.values()), inference))
    return 1 if errors else 0
