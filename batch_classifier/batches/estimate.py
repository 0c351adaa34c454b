"""What a file would cost, before it does: texts, tokens and USD, and what it would cost without each of the savings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from batch_classifier.inference.prices import ModelPrice
from batch_classifier.inference.token_use import TokenUse, bytes_around
from batch_classifier.prompts.prompt import Prompt


class Volume(NamedTuple):
    """So many texts of so many bytes, each asked once; and so many requests, each asked by itself."""

    texts: int
    text_bytes: int
    requests: int
    request_bytes: int

    def less(self, other: "Volume") -> "Volume":
        """Without those of a part of it."""
        return Volume(*(ours - theirs for ours, theirs in zip(self, other, strict=True)))

    def plus(self, other: "Volume") -> "Volume":
        """Together with others."""
        return Volume(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Estimate:
    """What it would cost to ask these texts.

    Attributes:
        way: how they would be asked: `batch` or `on_demand`.
        cost_usd: None where no price is known.
        without: USD without each saving by its name, and without all of them; empty where no price is known.
        basis: where the tokens are from, and so how far they can be relied on.
        price_source: who says what the model costs; without a price, what to do about it.
    """

    texts: int
    way: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    basis: str
    price_source: str
    without: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimator:
    """Makes estimates for one prompt.

    Attributes:
        price: None where it is not known; `price_source` says then what to do.
        least_of_a_job: how few texts are asked on demand; 0 where none are.
    """

    prompt: Prompt
    use: TokenUse
    price: ModelPrice | None
    price_source: str
    least_of_a_job: int

    def tokens(self, texts: int, text_bytes: int, in_a_record: int) -> tuple[int, int]:
        """Tokens read and written for so many texts, so many of them a record."""
        around = bytes_around(self.prompt, texts, in_a_record)
        return self.use.read(text_bytes + around), self.use.written(texts)

    def estimate(self, asked: Volume, answered_before: Volume, in_a_record: int = 1) -> Estimate:
        """The estimate for the texts that are to be asked, so many of them a record; `answered_before` need not be."""
        tokens = self.tokens(asked.texts, asked.text_bytes, in_a_record)
        is_on_demand = 0 < -(-asked.texts // in_a_record) < self.least_of_a_job
        way = "on_demand" if is_on_demand else "batch"
        if self.price is None:
            return Estimate(asked.texts, way, *tokens, None, self.use.basis, self.price_source)
        price = self.price.on_demand if is_on_demand else self.price.batch
        all_asked = asked.plus(answered_before)
        without = {
            "deduplication": price.cost(*self.tokens(asked.requests, asked.request_bytes, in_a_record)),
            "earlier_answers": price.cost(*self.tokens(all_asked.texts, all_asked.text_bytes, in_a_record)),
            "batch": self.price.on_demand.cost(*tokens),
            "any_saving": self.price.on_demand.cost(*self.tokens(all_asked.requests, all_asked.request_bytes, 1)),
        }
        if in_a_record > 1:
            without["packing"] = price.cost(*self.tokens(asked.texts, asked.text_bytes, 1))
        return Estimate(asked.texts, way, *tokens, price.cost(*tokens), self.use.basis, self.price_source, without)
