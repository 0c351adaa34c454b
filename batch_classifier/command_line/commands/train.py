"""`batch-classifier train`: the prompt's own model, trained on what people said of its texts."""

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import PromptOption
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Train the prompt's own model on its examples, on the labels of its files and on corrections, and show how good it is.\n\n"
    "Example: batch-classifier train --prompt travel"
)
@ends_with_exit_code
def train(prompt: PromptOption) -> int:
    """Make the asset local_model."""
    with quick_start():
        from batch_classifier.command_line.train import train_and_show

    return train_and_show(prompt)
