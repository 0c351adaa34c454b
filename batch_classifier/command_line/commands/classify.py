"""`batch-classifier classify`: one file, through the whole pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import PromptOption
from batch_classifier.command_line.process_start import quick_start
from batch_classifier.errors import SettingError

application = typer.Typer()


@application.command(
    help="Classify one file: every row gets one of the prompt's categories and a reason.\n\n"
    "Example: batch-classifier classify calls.xlsx --prompt travel --output results --format xlsx"
)
@ends_with_exit_code
def classify(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON, JSONL, Excel or Parquet; text formats may be gzipped.")],
    prompt: PromptOption,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to put a copy of the result files in.")
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", help="csv, json or xlsx; by default the prompt's.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of another file of this name, and of its rows.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Tell what Bedrock would charge for it, and do nothing else.")
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Let this file pass, this once, though it be over a budget of the prompt.")
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Ask all its texts again, also those that are answered, and pay for them again."),
    ] = False,
) -> int:
    """Run the pipeline on one file and show a summary; 0 when every row has an honest status."""
    if estimate and fresh:
        raise SettingError(
            "--estimate and --fresh do not go together; what --fresh would cost is in the estimate's line "
            "'if nothing had been answered before'."
        )
    if estimate:
        with quick_start():
            from batch_classifier.command_line.estimate import estimate_file

        return estimate_file(file, prompt)
    with quick_start():
        from batch_classifier.command_line.classify import classify_file

    return classify_file(file, prompt, output, format, replace, approve, fresh)
