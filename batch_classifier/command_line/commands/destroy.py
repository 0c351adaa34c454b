"""`batch-classifier destroy`: the AWS deployment's stack, removed."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import StackOption

application = typer.Typer()


@application.command(
    help="Remove the AWS deployment's stack; its buckets and tables are kept.\n\n"
    "Example: batch-classifier destroy --stack batch-classifier"
)
@ends_with_exit_code
def destroy(
    stack: StackOption = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Remove the buckets and tables too, for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Ask, and remove; 1 when the answer is no."""
    from batch_classifier.command_line.aws_stack import destroy_stack

    return destroy_stack(stack, delete_data, yes)
