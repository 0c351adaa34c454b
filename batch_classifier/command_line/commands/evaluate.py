"""`batch-classifier evaluate`: how right the classes are, on labelled texts; and which texts are worth a label."""

from pathlib import Path
from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.options import PromptOption
from batch_classifier.command_line.process_start import quick_start
from batch_classifier.errors import ClassifierError

application = typer.Typer()


@application.command(
    help="Measure prompts, models and engines on labelled texts, side by side; nothing of the project's tables changes.\n\n"
    "Example: batch-classifier evaluate --prompt travel --labels calls.xlsx --against travel_short.yaml"
)
@ends_with_exit_code
def evaluate(
    prompt: PromptOption,
    labels: Annotated[
        Path | None, typer.Option("--labels", "-l", help="The labelled file, in any format that classify reads.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option("--against", help="A prompt file or a prompt's name to compare with; may be given several times."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="A model id in place of the prompt's; may be given several times."),
    ] = None,
    inference: Annotated[
        list[str] | None,
        typer.Option("--inference", help="local or bedrock; by default the setting's. May be given several times."),
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option("--label-column", help="The labels' column; else input.label of the prompt, or expected_class."),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write all figures to this JSON file.")] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write an HTML page with the figures and the wrong texts.")
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", help="Draw so many classified texts into a workbook for labelling, and stop."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The workbook of --sample; else <prompt>_to_label.xlsx.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="With --sample: another number draws other texts.")] = 1,
) -> int:
    """Compare on labelled texts, or draw texts to be labelled; 1 when a variant could not be measured."""
    with quick_start():
        from batch_classifier.command_line.evaluate import Wish
        from batch_classifier.command_line.evaluate import evaluate as measure
        from batch_classifier.command_line.sample_to_label import draw_sample

    if sample is not None and labels is None:
        return draw_sample(prompt, sample, output, label_column, seed)
    if labels is not None and sample is None:
        wish = Wish(prompt, labels, against or (), model or (), inference or (), label_column, json, page)
        return measure(wish)
    raise ClassifierError("Give either --labels, a labelled file, or --sample, how many texts to draw for labelling.")
