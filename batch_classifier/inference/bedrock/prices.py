"""What models cost on Amazon Bedrock, in USD per million tokens.

Figures from the price page of Amazon Bedrock as of 2026-01 (batch is half of on demand). Prices change and differ by Region:
a prompt's `model.price` overrides them.
"""

from batch_classifier.inference.prices import Price
from batch_classifier.prompts.prompt import Model

PRICES_AS_OF = "2026-01"
# On demand, input and output; the key is a part of the model id.
_ON_DEMAND = {
    "claude-3-haiku": (0.25, 1.25),
    "claude-haiku-4-5": (1.0, 5.0),
    "claude-sonnet-4-5": (3.0, 15.0),
    "claude-sonnet-4-6": (3.0, 15.0),
    "nova-micro": (0.035, 0.14),
    "nova-lite": (0.06, 0.24),
    "nova-pro": (0.80, 3.20),
    "llama3-3-70b": (0.72, 0.72),
}


def batch_price(model: Model) -> Price | None:
    """The batch price of a model; None when it is not known."""
    if model.price is not None:
        return Price(model.price.input, model.price.output)
    for part, (read, written) in _ON_DEMAND.items():
        if part in model.id:
            return Price(read / 2, written / 2)
    return None


def on_demand_price(model: Model) -> Price | None:
    """The on-demand price of a model, twice the batch price; None when it is not known."""
    price = batch_price(model)
    return price and Price(price.input * 2, price.output * 2)
