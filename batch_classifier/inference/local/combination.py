"""How evidence and trained head are taken together, what a confidence means, and when a text is a stranger.

All of it is learned from the prompt's own examples: each is judged by an engine that has not seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

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
# So many texts of the fallback show what strangers are like.
_FEWEST_STRANGERS = 5
# A unit of evidence, as the logarithm of a share. The temperature that is learned is on top of it.
_UNIT = 0.5
_TEMPERATURE = 0.4
_HEAD_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_TEMPERATURES = (0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
_FOLDS = 5
# With many examples fewer folds say as much, in less time.
_MANY_EXAMPLES, _FOLDS_OF_MANY = 300, 3
FEWEST_TEXTS = 20
"""Fewer texts say nothing of shares of a hundredth."""


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
    if len(examples) < max(FEWEST_TEXTS, 2 * len(owners)) or len(owners) < 2:
        return Learned(untaught, untaught, 0)
    evidence_of_examples, head, similar = _unseen(known, examples, categories)
    truth = np.array([text.owner for _, text in examples])
    plain = taught_by(evidence_of_examples, head, similar, truth, strictness)
    # Examples are not dialogues: what they teach of weights and temperatures does not hold there, and what the head learns is
    # what a sentence is about, not whether it matters.
    return Learned(plain, untaught, len(examples))


def taught_by(
    evidence: "NDArray[Any]",
    head: "NDArray[Any]",
    similar: "NDArray[Any]",
    truth: "NDArray[Any]",
    strictness: Strictness,
    fallback: int | None = None,
) -> Combination:
    """What texts teach that neither evidence nor head has seen, one row each.

    Args:
        evidence: for each category.
        head: the head's logarithms of shares.
        similar: the best similarity to a known text.
        truth: the number of the category.
        strictness: how readily a text is a stranger.
        fallback: the number of the category of strangers: of its texts none is lost by that.
    """
    import numpy as np

    weight, temperature = _weight_and_temperature(evidence, head, truth)
    shares = _softmax((evidence / _UNIT + weight * head) / temperature)
    scores = shares.max(axis=1) * np.maximum(similar, 0)
    order = np.argsort(scores, kind="stable")
    is_right, is_strange = (shares.argmax(axis=1) == truth)[order], (truth == fallback)[order]
    lost = np.cumsum(is_right & ~is_strange)
    most = int(np.searchsorted(lost / len(truth), _COST[strictness], side="right"))
    if is_strange.sum() >= _FEWEST_STRANGERS:
        # People have shown what strangers are like: what is won by sending texts to the fallback is known, and not only what is lost.
        won = np.concatenate([[0], np.cumsum(is_strange & ~is_right) - lost])
        most = int(np.argmax(won[: most + 1]))
    least = float(scores[order[min(most, len(order) - 1)]])
    return Combination(weight, temperature, least, by_share=True)


def _weight_and_temperature(
    evidence: "NDArray[Any]", head: "NDArray[Any]", truth: "NDArray[Any]"
) -> tuple[float, float]:
    """The least weight of the head that is as good as the best as far as the texts can tell, and the temperature that goes with it.

    As good is what makes the truth as probable, but for one standard error of the difference: the rule of Breiman and others,
    Classification and Regression Trees (1984).
    """
    import numpy as np

    rows = np.arange(len(truth))
    found = []
    for weight in _HEAD_WEIGHTS:
        taken = evidence / _UNIT + weight * head
        losses = [
            -np.log(np.maximum(_softmax(taken / temperature)[rows, truth], 1e-9)) for temperature in _TEMPERATURES
        ]
        best = int(np.argmin([loss.mean() for loss in losses]))
        found.append((losses[best], weight, _TEMPERATURES[best]))
    least = min(found, key=lambda one: float(one[0].mean()))[0]
    for loss, weight, temperature in found:
        more = loss - least
        if more.mean() <= more.std() / np.sqrt(len(truth)) + 1e-9:
            return weight, temperature
    raise AssertionError("the best is as good as itself")


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
