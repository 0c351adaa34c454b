"""What a price is, and what a number of tokens comes to; the prices themselves stand in the price table."""

from dataclasses import dataclass

from batch_classifier.prompts.prompt import Prompt


@dataclass(frozen=True)
class Price:
    """USD per million tokens read and written."""

    input: float
    output: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """USD for so many tokens."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


FREE = Price(0.0, 0.0)


@dataclass(frozen=True)
class ModelPrice:
    """What a model costs in batches and on demand, and who says so."""

    batch: Price
    on_demand: Price
    source: str


def answer_tokens(prompt: Prompt) -> int:
    """An estimate of an answer's length in tokens: a category's name, and a sentence where a reason is asked for."""
    return 60 if prompt.rationale else 15
