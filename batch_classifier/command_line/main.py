"""The command `batch-classifier`: the same pipeline as in Dagster, for people at a terminal."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from batch_classifier.command_line.process_start import quick_start
from batch_classifier.errors import ClassifierError, PromptError
from batch_classifier.wording import counted

command_line = typer.Typer(
    help="Turns files of texts into trusted categories.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
PromptOption = Annotated[
    str, typer.Option("--prompt", "-p", help="The prompt's name: a file in prompts/, as in travel.")
]


def _told_plainly(command: Callable[..., int]) -> Callable[..., None]:
    """End with one sentence instead of a stack trace when the mistake is a person's, and with the command's exit code."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            code = command(*arguments, **options)
        except ClassifierError as error:
            print(f"Error: {error}", file=sys.stderr)
            code = 1
        raise typer.Exit(code)

    return run


@command_line.command(
    help="Classify one file: every row gets one of the prompt's categories and a reason.\n\n"
    "Example: batch-classifier classify calls.xlsx --prompt travel --output results --format xlsx"
)
@_told_plainly
def classify(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON, JSONL, Excel or Parquet; text formats may be gzipped.")],
    prompt: PromptOption,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to put a copy of the result files in.")
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", help="csv, json or xlsx; by default the prompt's.")
    ] = None,
) -> int:
    """Run the pipeline on one file and show a summary; 0 when every row has an honest status."""
    with quick_start():
        from batch_classifier.command_line.classify import classify_file

    return classify_file(file, prompt, output, format)


@command_line.command(help="List the prompts and check their files.\n\nExample: batch-classifier prompts")
@_told_plainly
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
        print(f"Error: {sentence}", file=sys.stderr)
    return 1 if errors else 0


@command_line.command(
    help="Show the request files and where each stands.\n\nExample: batch-classifier status --prompt travel"
)
@_told_plainly
def status(
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="Only this prompt's files.")] = None,
) -> int:
    """List request files with their rows and how these ended."""
    with quick_start():
        from batch_classifier.command_line.status import show_status

    return show_status(prompt)


@command_line.command(
    help="Write labelled sample data.\n\nExample: batch-classifier sample --rows 1000 --seed 7 --output calls.csv"
)
@_told_plainly
def sample(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: .csv, .json, .jsonl or .xlsx.")],
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="How many rows.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", "-s", help="The same seed gives the same rows.")] = 1,
    prompt: PromptOption = "travel",
) -> int:
    """Write sample rows of a prompt's field."""
    from batch_classifier.sample_data.generate import write_sample

    write_sample(prompt, rows, seed, output)
    print(f"{counted(rows, 'row')} written to {output}.")
    return 0


@command_line.command(
    help="Check a deployment: credentials, buckets, queue, role, models, tables.\n\nExample: batch-classifier doctor"
)
@_told_plainly
def doctor() -> int:
    """Show a verdict for each part of the deployment; 1 when one fails."""
    from batch_classifier.deployment.doctor import check_deployment, report
    from batch_classifier.settings import load_settings

    verdicts = check_deployment(load_settings())
    print(report(verdicts))
    return 1 if any(verdict.status == "fail" for verdict in verdicts) else 0


@command_line.command(help="Make a sample file and classify it.\n\nExample: batch-classifier demo")
@_told_plainly
def demo() -> int:
    """The first thing to try; what it did before it does not do again."""
    with quick_start():
        from batch_classifier.command_line.demo import run_demo

    return run_demo()


def main() -> None:
    """The entry point; an interrupt ends with a sentence as well."""
    command_line()


if __name__ == "__main__":
    main()
