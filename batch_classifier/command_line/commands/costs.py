"""`batch-classifier costs`: what was spent, and what was spared."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(
    help="Tell what Bedrock has charged for, in tokens and USD, and what each way of saving spared.\n\n"
    "Example: batch-classifier costs --prompt travel --by month"
)
@ends_with_exit_code
def costs(
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="Only this prompt; by default all.")] = None,
    by: Annotated[str, typer.Option("--by", help="A line for each month, prompt, file or category.")] = "prompt",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with all digits.")] = False,
) -> int:
    """Show the bill."""
    with quick_start():
        from batch_classifier.command_line.costs import by_of, show_costs

    return show_costs(prompt, by_of(by), as_json)
