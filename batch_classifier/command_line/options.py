"""Arguments that several commands take in the same words."""

from typing import Annotated

import typer

PromptOption = Annotated[
    str, typer.Option("--prompt", "-p", help="The prompt's name: a file in prompts/, as in travel.")
]
StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack", help="The stack's name, 2 to 26 lower-case letters, digits, hyphens; else batch-classifier."
    ),
]
