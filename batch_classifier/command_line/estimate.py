"""`batch-classifier classify --estimate`: what Bedrock would charge for a file, whoever answers here. Nothing is submitted or kept."""

from pathlib import Path

from batch_classifier.command_line.classify import check_file
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.insights.file_estimate import estimate_of
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import counted

_SAVINGS = {
    "deduplication": "if each row were asked by itself",
    "earlier_answers": "if nothing had been answered before",
    "packing": "if each text were asked by itself",
    "batch": "if everything were asked on demand",
    "any_saving": "without all of these",
}


def estimate_file(file: Path, prompt_name: str) -> int:
    """Tell what a file would cost; raises ClassifierError for what is wrong with the file, the prompt or the price file."""
    settings = load_settings()
    prompt = load_prompts(settings.prompts).get(prompt_name)
    check_file(file)
    made = estimate_of(settings, open_warehouse(settings), prompt, file)
    estimate = made.estimate
    say(
        f"{file.name}: {counted(made.rows, 'row')} with text, {counted(made.texts, 'distinct text')}, of these "
        f"{made.answered_before:,} answered before and {made.on_their_way:,} on their way; "
        f"{estimate.texts:,} to be asked{', on demand' if estimate.way == 'on_demand' else ''}.",
        f"Tokens: about {estimate.input_tokens:,} read and {estimate.output_tokens:,} written ({estimate.basis}).",
    )
    if estimate.cost_usd is None:
        say(f"Price unknown: {estimate.price_source}.")
    else:
        say(f"Cost: about {estimate.cost_usd:,.4f} USD with {prompt.model.id}, by {estimate.price_source}.", "")
        rows = [[told, f"{estimate.without[name]:,.4f}"] for name, told in _SAVINGS.items() if name in estimate.without]
        print_table(["it would be", "USD"], rows, numbers=["USD"])
        say("")
    if made.refusal is not None:
        say(made.refusal)
    say("Nothing was submitted.")
    return 0
