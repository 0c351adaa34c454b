"""`batch-classifier deploy`: the AWS deployment's stack, made or changed."""

from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import StackOption

application = typer.Typer()


@application.command(
    help="Create the AWS deployment's stack or bring it up to date, and print its settings for .env.\n\n"
    "Example: batch-classifier deploy --parameter MonthlyBudgetUsd=250"
)
@ends_with_exit_code
def deploy(
    stack: StackOption = None,
    parameter: Annotated[
        list[str],
        typer.Option("--parameter", metavar="KEY=VALUE", help="A parameter of the template; may be repeated."),
    ] = [],  # noqa: B006 (typer takes a list as it is, and nobody writes to it)
    template: Annotated[
        Path | None, typer.Option("--template", help="Another CloudFormation template than the project's own.")
    ] = None,
) -> int:
    """What is not given stays as it was; 0 when the stack is there and up to date."""
    from batch_classifier.command_line.aws_stack import deploy_stack

    return deploy_stack(stack, parameter, template)
