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


# A sentence, what stands around a class and a reason, and around an answer to one of several texts.
_RATIONALE, _CLASS, _ONE_OF_SEVERAL = 45, 15, 15
_TOKENS_A_WORD = 1.5


def answer_tokens(prompt: Prompt, texts: int = 1) -> int:
    """An estimate of an answer's length in tokens: a category's name, and a sentence where a reason is asked for.

    `texts`: how many are answered at once; the estimate is for one of them.
    """
    around = _CLASS if texts == 1 else _CLASS + _ONE_OF_SEVERAL
    if not prompt.rationale:
        return around
    words = prompt.rationale_words
    return around + (_RATIONALE if words is None else min(_RATIONALE, round(words * _TOKENS_A_WORD)))
