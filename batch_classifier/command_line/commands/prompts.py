"""`batch-classifier prompts`: what there is in the folder of prompts, checked."""

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import PromptError

application = typer.Typer()


@application.command(help="List the prompts and check their files.\n\nExample: batch-classifier prompts")
@ends_with_exit_code
def prompts() -> int:
    """Show what each prompt is for; 1 when a file has an error."""
    from batch_classifier.command_line.tables import print_table
    from batch_classifier.inference.bedrock.model_requests import check_model
    from batch_classifier.prompts.loading import load_prompts
    from batch_classifier.settings import load_settings

    settings = load_settings()
    folder = load_prompts(settings.prompts)
    errors: list[str] = [str(error) for error in folder.errors]
    for prompt in folder.prompts.values():
        try:
            check_model(prompt)
        except PromptError as error:
            errors.append(f"{settings.prompts / prompt.name}.yaml: {error}")
    print_table(
        ["prompt", "categories", "version", "model", "what it is for"],
        [
            [prompt.name, str(len(prompt.categories)), prompt.version, prompt.model.id, prompt.description]
            for prompt in folder.prompts.values()
        ],
    )
    for sentence in errors:
        say(f"Error: {sentence}", is_error=True)
    return 1 if errors else 0
