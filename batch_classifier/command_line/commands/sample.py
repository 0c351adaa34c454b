"""`batch-classifier sample`: labelled rows to try things with."""

from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import PromptOption
from batch_classifier.command_line.terminal import say
from batch_classifier.wording import counted

application = typer.Typer()


@application.command(
    help="Write labelled sample data.\n\nExample: batch-classifier sample --rows 1000 --seed 7 --output calls.csv"
)
@ends_with_exit_code
def sample(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: .csv, .json, .jsonl or .xlsx.")],
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="How many rows.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", "-s", help="The same seed gives the same rows.")] = 1,
    prompt: PromptOption = "travel",
) -> int:
    """Write sample rows of a prompt's field."""
    from batch_classifier.sample_data.generate import write_sample

    write_sample(prompt, rows, seed, output)
    say(f"{counted(rows, 'row')} written to {output}.")
    return 0
