"""How evidence and trained head are taken together, what a confidence means, and when a text is a stranger.

All of it is learned from the prompt's own examples: each is judged by an engine that has not seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from batch_classifier.inference.local.evidence import Evidence, Heard, KnownText
from batch_classifier.language.other_subjects import OTHER_SUBJECTS
from batch_classifier.language.trained_head import TrainedHead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Strictness = Literal["low", "normal", "high"]
# What share of the prompt's own texts may go to the fallback wrongly, so that strangers go there.
_COST: dict[Strictness, float] = {"low": 0.005, "normal": 0.015, "high": 0.05}
# Where there are no examples: as like the prompt's texts as this share of sentences about other subjects is.
_SHARE_OF_OTHERS: dict[Strictness, float] = {"low": 0.25, "normal": 0.5, "high": 0.75}
# A unit of evidence, as the logarithm of a share. The temperature that is learned is on top of it.
_UNIT = 0.5
_TEMPERATURE = 0.4
_HEAD_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_TEMPERATURES = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
_FOLDS = 5
# With many examples fewer folds say as much, in less time.
_MANY_EXAMPLES, _FOLDS_OF_MANY = 300, 3
# Fewer examples say nothing of shares of a hundredth.
_FEWEST_EXAMPLES = 20


@dataclass(frozen=True)
class Combination:
    """How to judge one kind of text.

    Attributes:
        head_weight: what the head counts beside the evidence; 0 where it is of no use.
        temperature: divides the evidence, so that the shares of the categories are as often right as they say.
        least_score: below it a text is a stranger; a score is the best category's share times the best similarity, or the
            similarity alone where `by_share` is False.
    """

    head_weight: float
    temperature: float
    least_score: float
    by_share: bool

    def shares(self, evidence: "Floats", head: "Floats | None") -> "NDArray[np.float64]":
        """The categories' shares, one row a text."""
        import numpy as np

        taken = evidence.astype(np.float64) / _UNIT
        if head is not None:
            taken += self.head_weight * head
        return _softmax(taken / self.temperature)

    def is_stranger(self, share: float, similarity: float) -> bool:
        """Whether a text is about none of the categories; one that is like nothing known always is."""
        return similarity <= 0 or (share if self.by_share else 1.0) * similarity < self.least_score


@dataclass(frozen=True)
class Learned:
    """What the known texts teach.

    Attributes:
        plain: how to judge a text.
        spoken: how to judge a dialogue.
        examples: how many examples it was learned from; 0 where they were too few.
    """

    plain: Combination
    spoken: Combination
    examples: int

    @property
    def has_head(self) -> bool:
        """Whether a trained head has a say."""
        return self.plain.head_weight > 0


def learn(known: Sequence[KnownText], evidence: Evidence, categories: int, strictness: Strictness) -> Learned:
    """What the known texts teach, and the evidence that they give.

    A category's first text is its description, which is always known; the others are examples.
    """
    import numpy as np

    others = evidence.hear(OTHER_SUBJECTS)
    like_others = [float(heard.similarities.max(initial=0)) for heard in others if heard is not None]
    least = float(np.quantile(like_others, _SHARE_OF_OTHERS[strictness])) if like_others else 0.0
    untaught = Combination(0.0, _TEMPERATURE, least, by_share=False)
    examples = _examples(known)
    owners = {text.owner for _, text in examples}
    if len(examples) < max(_FEWEST_EXAMPLES, 2 * len(owners)) or len(owners) < 2:
        return Learned(untaught, untaught, 0)
    plain = _taught(known, examples, categories, strictness)
    # Examples are not dialogues: what they teach of weights and temperatures does not hold there, and what the head learns is
    # what a sentence is about, not whether it matters.
    return Learned(plain, untaught, len(examples))


def _taught(
    known: Sequence[KnownText], examples: "Sequence[tuple[int, KnownText]]", categories: int, strictness: Strictness
) -> Combination:
    import numpy as np

    evidence, head, similar = _unseen(known, examples, categories)
    truth = np.array([text.owner for _, text in examples])
    rows = np.arange(len(truth))
    best = float("inf"), 0.0, _TEMPERATURE
    for weight in _HEAD_WEIGHTS:
        taken = evidence / _UNIT + weight * head
        for temperature in _TEMPERATURES:
            loss = float(-np.log(np.maximum(_softmax(taken / temperature)[rows, truth], 1e-9)).mean())
            if loss < best[0] - 1e-6:
                best = loss, weight, temperature
    _, weight, temperature = best
    shares = _softmax((evidence / _UNIT + weight * head) / temperature)
    scores = shares.max(axis=1) * np.maximum(similar, 0)
    order = np.argsort(scores, kind="stable")
    lost = np.cumsum((shares.argmax(axis=1) == truth)[order]) / len(truth)
    place = int(np.searchsorted(lost, _COST[strictness], side="right"))
    least = float(scores[order[min(place, len(order) - 1)]])
    return Combination(weight, temperature, least, by_share=True)


def _examples(known: Sequence[KnownText]) -> list[tuple[int, KnownText]]:
    """The examples, each with the fold that it is left out in."""
    counts: dict[int, int] = {}
    examples = []
    for text in known:
        number = counts.get(text.owner, 0)
        counts[text.owner] = number + 1
        if number:
            examples.append((number, text))
    folds = _FOLDS if len(examples) < _MANY_EXAMPLES else _FOLDS_OF_MANY
    return [(number % folds, text) for number, text in examples]


def _unseen(
    known: Sequence[KnownText], examples: Sequence[tuple[int, KnownText]], categories: int
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """Evidence, head and best similarity of each example, by engines that were not given it."""
    import numpy as np

    evidence = np.zeros((len(examples), categories))
    head = np.zeros((len(examples), categories))
    similar = np.zeros(len(examples))
    for fold in sorted({number for number, _ in examples}):
        left_out = {id(text) for number, text in examples if number == fold}
        places = [place for place, (number, _) in enumerate(examples) if number == fold]
        rest = [text for text in known if id(text) not in left_out]
        texts = [examples[place][1].text for place in places]
        head[places] = TrainedHead([text.text for text in rest], [text.owner for text in rest], categories).log_shares(
            texts
        )
        for place, heard in zip(places, _heard(Evidence(rest, categories), texts), strict=True):
            if heard is not None:
                evidence[place], similar[place] = heard.evidence, heard.similarities.max(initial=0)
    return evidence, head, similar


def _heard(evidence: Evidence, texts: Sequence[str]) -> list[Heard | None]:
    return [heard for start in range(0, len(texts), 32) for heard in evidence.hear(texts[start : start + 32])]


def _softmax(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    powers = np.exp(values - values.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result
