"""`batch-classifier demo`: the first thing to try."""

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.process_start import quick_start

application = typer.Typer()


@application.command(help="Make a sample file and classify it.\n\nExample: batch-classifier demo")
@ends_with_exit_code
def demo() -> int:
    """The first thing to try; what it did before it does not do again."""
    with quick_start():
        from batch_classifier.command_line.demo import run_demo

    return run_demo()
