"""Check of the prices: where a model's is not known no budget can hold, and nothing is sent."""

from batch_classifier.deployment.verdicts import Verdict
from batch_classifier.inference.price_table import PriceTable
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import Settings


def check_prices(settings: Settings, name: str) -> Verdict:
    """Whether the price of each prompt's model is known; raises ClassifierError for a price file that cannot be used."""
    table = PriceTable.of(settings.prices, settings.home)
    prompts = load_prompts(settings.prompts).prompts.values()
    unknown = [prompt for prompt in prompts if table.price_of(prompt.model) is None]
    if not unknown:
        return Verdict(name, "ok", f"Known for every prompt's model, by model.price or {table.name}.")
    named = ", ".join(f"{prompt.model.id} ({prompt.name})" for prompt in unknown)
    advice = "Give model.price in the prompt, or name the model in a price file of your own (BATCH_CLASSIFIER_PRICES)."
    return Verdict(name, "fail", f"{table.name} does not name {named}: nothing is sent without a price.", advice)
