"""The command `batch-classifier`: the same pipeline as in Dagster, for people at a terminal."""

import io
import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from batch_classifier.command_line.process_start import quick_start
from batch_classifier.command_line.terminal import say
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
StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack", help="The stack's name, 2 to 26 lower-case letters, digits, hyphens; else batch-classifier."
    ),
]


def _ends_with_exit_code(command: Callable[..., int]) -> Callable[..., None]:
    """End with one sentence instead of a stack trace when the mistake is a person's, and with the command's exit code."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            code = command(*arguments, **options)
        except ClassifierError as error:
            say(f"Error: {error}", is_error=True)
            code = 1
        except OSError as error:
            # A disk that is full or may not be written to is for a person to mend, too.
            if error.filename is None or error.strerror is None:
                raise
            print(f"Error: {error.filename} cannot be used: {error.strerror}.", file=sys.stderr)
            code = 1
        raise typer.Exit(code)

    return run


@command_line.command(
    help="Make a project of your own: prompts, settings and what Dagster needs, in a new folder.\n\n"
    "Example: batch-classifier init my-project"
)
@_ends_with_exit_code
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make, or one that is there; nothing is overwritten.")],
) -> int:
    """Write a project's files and say what to try first."""
    from batch_classifier.command_line.init import make_project

    names = make_project(folder)
    say(f"{folder} is ready: {', '.join(names)}.", "")
    say("Next:")
    for command, meaning in (
        (f"cd {shlex.quote(str(folder))}", ""),
        ("batch-classifier sample --rows 500 --output calls.csv", "a labelled file to try"),
        ("batch-classifier classify calls.csv --prompt travel", "its texts, classified"),
        ("dagster dev", "the Dagster UI at http://localhost:3000"),
    ):
        say(f"  {command:<56}{meaning}".rstrip())
    return 0


@command_line.command(
    help="Classify one file: every row gets one of the prompt's categories and a reason.\n\n"
    "Example: batch-classifier classify calls.xlsx --prompt travel --output results --format xlsx"
)
@_ends_with_exit_code
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
@_ends_with_exit_code
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


@command_line.command(
    help="Show the request files and where each stands.\n\nExample: batch-classifier status --prompt travel"
)
@_ends_with_exit_code
def status(
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="Only this prompt's files.")] = None,
) -> int:
    """List request files with their rows and how these ended."""
    with quick_start():
        from batch_classifier.command_line.status import show_status

    return show_status(prompt)


@command_line.command(
    help="Start the Dagster UI, with sensors and schedules running.\n\nExample: batch-classifier ui --port 3001"
)
@_ends_with_exit_code
def ui(
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to listen on; else BATCH_CLASSIFIER_UI_HOST, or 127.0.0.1."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65_535, help="Its port; else BATCH_CLASSIFIER_UI_PORT, or 3000.")
    ] = None,
) -> int:
    """Run until it is interrupted; 1 when it cannot start."""
    from batch_classifier.command_line.ui import start_ui

    return start_ui(host, port)


@command_line.command(
    help="Write labelled sample data.\n\nExample: batch-classifier sample --rows 1000 --seed 7 --output calls.csv"
)
@_ends_with_exit_code
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


@command_line.command(
    help="Check a deployment: credentials, buckets, queue, role, models, tables.\n\nExample: batch-classifier doctor"
)
@_ends_with_exit_code
def doctor() -> int:
    """Show a verdict for each part of the deployment; 1 when one fails."""
    from batch_classifier.deployment.doctor import check_deployment, report
    from batch_classifier.settings import load_settings

    verdicts = check_deployment(load_settings())
    say(*report(verdicts).split("\n"))
    return 1 if any(verdict.status == "fail" for verdict in verdicts) else 0


@command_line.command(
    help="Create the AWS deployment's stack or bring it up to date, and print its settings for .env.\n\n"
    "Example: batch-classifier deploy --parameter MonthlyBudgetUsd=250"
)
@_ends_with_exit_code
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


@command_line.command(
    help="Remove the AWS deployment's stack; its buckets and tables are kept.\n\n"
    "Example: batch-classifier destroy --stack batch-classifier"
)
@_ends_with_exit_code
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


@command_line.command(help="Make a sample file and classify it.\n\nExample: batch-classifier demo")
@_ends_with_exit_code
def demo() -> int:
    """The first thing to try; what it did before it does not do again."""
    with quick_start():
        from batch_classifier.command_line.demo import run_demo

    return run_demo()


def main() -> None:
    """The entry point; an interrupt ends with a sentence as well."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of some older encoding has no sign for much of what a name may hold.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    command_line()


if __name__ == "__main__":
    main()
