"""What was measured of one variant: a prompt file with a model on an engine, on the labelled texts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from batch_classifier.evaluation.scores import Scores
from batch_classifier.inference.prices import Price

PER = 1_000


class Tokens(NamedTuple):
    """Tokens that were read and written."""

    read: float
    written: float


class BatchTokens(NamedTuple):
    """What a batch has used: tokens read and written, and how many texts were answered."""

    read: int
    written: int
    texts: int


@dataclass(frozen=True)
class Usage:
    """What the answers took.

    Attributes:
        tokens: for 1,000 texts; None where no job tells of them any more.
        cost_usd: for 1,000 texts, at the price of a batch job; None where tokens or price are not known.
        spent_usd: what this run itself has paid; None where the price is not known.
        seconds: how long this run took, from reading the file to the last class.
        asked: texts that were sent for this run.
        reused: texts whose answer was there.
    """

    tokens: Tokens | None
    cost_usd: float | None
    spent_usd: float | None
    seconds: float
    asked: int
    reused: int


@dataclass(frozen=True)
class Measurement:
    """What one variant came to. `title` tells it from the others; `right` says of each text in order whether it is right."""

    title: str
    prompt: str
    prompt_version: str
    model_id: str
    engine: str
    scores: Scores
    usage: Usage
    right: Sequence[bool]


class Mistake(NamedTuple):
    """A text that at least one variant has wrong; `given` has a class for each variant, None for none."""

    row_number: int
    record_id: str
    text: str
    expected: str
    given: Sequence[str | None]


def tokens_per_thousand(batches: Iterable[str | None], used: Mapping[str, BatchTokens]) -> Tokens | None:
    """Tokens for 1,000 texts, from the batch of each classified text; texts of which nothing is known are left out."""
    read = written = 0.0
    texts = 0
    for batch in batches:
        tokens = used.get(batch or "")
        if tokens is not None and tokens.texts:
            read += tokens.read / tokens.texts
            written += tokens.written / tokens.texts
            texts += 1
    return Tokens(read / texts * PER, written / texts * PER) if texts else None


def cost_of(tokens: Tokens | None, price: Price | None) -> float | None:
    """What these tokens cost, in USD."""
    return None if tokens is None or price is None else price.cost(round(tokens.read), round(tokens.written))
