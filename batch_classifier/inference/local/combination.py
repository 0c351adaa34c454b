"""How evidence and trained head are taken together, what a confidence means, and when a text is a stranger.

All of it is learned from the prompt's own examples: each is judged by an engine that has not seen it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from batch_classifier.inference.local.evidence import Evidence, Heard, KnownText
from batch_classifier.inference.local.understanding import Understanding
from batch_classifier.language.character_grams import CharacterGrams
from batch_classifier.language.dialogue import is_dialogue
from batch_classifier.language.other_subjects import OTHER_SUBJECTS
from batch_classifier.language.trained_head import TrainedHead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Strictness = Literal["low", "normal", "high"]
# What share of the prompt's own texts may go to the fallback wrongly, so that strangers go there.
COST: dict[Strictness, float] = {"low": 0.005, "normal": 0.015, "high": 0.05}
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
# How many strangers are found with ten examples, as measured on questions that belong to none of 150 categories.
SHARE_FOUND = 0.7
# Fewer examples say nothing of shares of a hundredth.
FEWEST_EXAMPLES = 20


@dataclass(frozen=True)
class Combination:
    """How to judge one kind of text.

    Attributes:
        head_weight: what the head counts beside the evidence; 0 where it is of no use.
        temperature: divides the evidence, so that the shares of the categories are as often right as they say.
        least_score: below it a text is a stranger; a score is the best category's share times the best similarity, or the
            similarity alone where `by_share` is False.
        by_share: see there.
        own_scores: those of the examples that are below `least_score`, ascending.
        examples: how many examples there were; 0 where none taught this.
        strangers_share: how many of a few texts about other subjects are told to be strangers, 0 to 1.
        strangers_expected: how many of all texts are taken to be strangers, 0 to 1.
    """

    head_weight: float
    temperature: float
    least_score: float
    by_share: bool
    own_scores: tuple[float, ...] = ()
    examples: int = 0
    strangers_share: float = 1.0
    strangers_expected: float = 0.5

    def shares(self, evidence: "Floats", head: "Floats | None") -> "NDArray[np.float64]":
        """The categories' shares, one row a text."""
        import numpy as np

        taken = evidence.astype(np.float64) / _UNIT
        if head is not None:
            taken += self.head_weight * head
        return _softmax(taken / self.temperature)

    def score(self, share: float, similarity: float) -> float:
        """How much the text belongs to the prompt; 0 for one that is like nothing known."""
        return (share if self.by_share else 1.0) * max(similarity, 0.0)

    def is_stranger(self, score: float) -> bool:
        """Whether a text with this score is about none of the categories."""
        return score <= 0 or score < self.least_score

    def doubt_of_belonging(self, score: float) -> float:
        """How probable it is that a text with this score, below the least, is a stranger indeed, 0 to 1 (Bayes' rule).

        The lower the score, the fewer of the prompt's own texts have one as low.
        """
        if not self.examples:
            return self.strangers_expected * self.strangers_share
        own = (bisect_right(self.own_scores, score) + 0.5) / (self.examples + 1)
        strange = self.strangers_expected * self.strangers_share
        return strange / (strange + (1 - self.strangers_expected) * own)


@dataclass(frozen=True)
class Learned:
    """What the known texts teach.

    Attributes:
        plain: how to judge a text.
        spoken: how to judge a dialogue.
        examples: how many examples it was learned from; 0 where they were too few.
        untaught: how to judge what no example teaches.
        understanding: which languages there are.
    """

    plain: Combination
    spoken: Combination
    examples: int
    untaught: Combination
    understanding: Understanding = field(default_factory=Understanding)

    @property
    def has_head(self) -> bool:
        """Whether a trained head has a say."""
        return max(self.plain.head_weight, self.spoken.head_weight) > 0


def learn(known: Sequence[KnownText], evidence: Evidence, categories: int, strictness: Strictness) -> Learned:
    """What the known texts teach, and the evidence that they give.

    A category's first text is its description, which is always known; the others are examples.
    """
    import numpy as np

    others = _heard(evidence, OTHER_SUBJECTS)
    like_others = [float(heard.similarities.max(initial=0)) for heard in others if heard is not None]
    least = float(np.quantile(like_others, _SHARE_OF_OTHERS[strictness])) if like_others else 0.0
    untaught = Combination(0.0, _TEMPERATURE, least, by_share=False, strangers_share=_SHARE_OF_OTHERS[strictness])
    examples = _examples(known)
    is_spoken = np.array([is_dialogue(text.text) for _, text in examples], bool)
    owners = np.array([text.owner for _, text in examples])
    kinds = [
        rows if _is_enough(owners[rows]) else None for rows in (np.flatnonzero(~is_spoken), np.flatnonzero(is_spoken))
    ]
    if not any(rows is not None for rows in kinds):
        return Learned(untaught, untaught, 0, untaught)
    unseen = _unseen(known, examples, categories)
    # Examples that are no dialogues teach nothing of those: what the head learns from them is what a sentence is about, not whether it
    # matters; and of calls that are put together from such examples nothing better is learned of temperatures.
    plain, spoken = (
        untaught if rows is None else _taught(unseen.of(rows), owners[rows], COST[strictness]) for rows in kinds
    )
    understanding = Understanding.of_examples(unseen.familiarity, is_by_words=not unseen.has_characters)
    return Learned(plain, spoken, len(examples), untaught, understanding)


def _is_enough(owners: "NDArray[Any]") -> bool:
    """Whether examples of these categories, by number, teach how to judge others."""
    categories = len(set(owners.tolist()))
    return categories > 1 and len(owners) >= max(FEWEST_EXAMPLES, 2 * categories)


def _taught(unseen: "_Unseen", truth: "NDArray[Any]", cost: float) -> Combination:
    import numpy as np

    weight, temperature = _best(unseen, truth)
    shares = _softmax((unseen.evidence / _UNIT + weight * unseen.head) / temperature)
    scores = shares.max(axis=1) * np.maximum(unseen.similar, 0)
    order = np.argsort(scores, kind="stable")
    lost = np.cumsum((shares.argmax(axis=1) == truth)[order]) / len(truth)
    place = min(int(np.searchsorted(lost, cost, side="right")), len(order) - 1)
    return Combination(
        weight,
        temperature,
        float(scores[order[place]]),
        by_share=True,
        own_scores=tuple(scores[order[:place]].tolist()),
        examples=len(truth),
        strangers_share=SHARE_FOUND,
        strangers_expected=cost,
    )


def _best(unseen: "_Unseen", truth: "NDArray[Any]") -> tuple[float, float]:
    """The weight of the head and the temperature under which what is true is most probable."""
    import numpy as np

    rows = np.arange(len(truth))
    best = float("inf"), 0.0, _TEMPERATURE
    for weight in _HEAD_WEIGHTS:
        taken = unseen.evidence / _UNIT + weight * unseen.head
        for temperature in _TEMPERATURES:
            loss = float(-np.log(np.maximum(_softmax(taken / temperature)[rows, truth], 1e-9)).mean())
            if loss < best[0] - 1e-6:
                best = loss, weight, temperature
    return best[1:]


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


@dataclass
class _Unseen:
    """What engines say of each example that they were not given: one row an example.

    Attributes:
        evidence: of the example, by category.
        head: the head's logarithms of shares.
        similar: the best similarity.
        familiarity: how much of its runs of characters the other examples have.
        has_characters: whether a head knows runs of characters.
    """

    evidence: "NDArray[np.float64]"
    head: "NDArray[np.float64]"
    similar: "NDArray[np.float64]"
    familiarity: "NDArray[np.float64]"
    has_characters: bool = False

    def of(self, rows: "NDArray[Any]") -> "_Unseen":
        """The same of some of the examples."""
        return _Unseen(
            self.evidence[rows], self.head[rows], self.similar[rows], self.familiarity[rows], self.has_characters
        )


def _unseen(known: Sequence[KnownText], examples: Sequence[tuple[int, KnownText]], categories: int) -> _Unseen:
    import numpy as np

    table = (len(examples), categories)
    row = len(examples)
    found = _Unseen(
        evidence=np.zeros(table),
        head=np.zeros(table),
        similar=np.zeros(row),
        familiarity=np.zeros(row),
    )
    for fold in sorted({number for number, _ in examples}):
        left_out = {id(text) for number, text in examples if number == fold}
        places = [place for place, (number, _) in enumerate(examples) if number == fold]
        rest = [text for text in known if id(text) not in left_out]
        texts = [examples[place][1].text for place in places]
        head = TrainedHead([text.text for text in rest], [text.owner for text in rest], categories)
        found.head[places], familiarity = head.judged(texts)
        if head.features.has_characters:
            found.has_characters = True
        else:
            runs, _ = CharacterGrams.of_texts([text.text for text in rest])
            familiarity = runs.familiarity(texts)
        found.familiarity[places] = familiarity
        evidence = Evidence(rest, categories)
        for place, heard in zip(places, _heard(evidence, texts), strict=True):
            if heard is not None:
                found.evidence[place] = heard.evidence
                found.similar[place] = heard.similarities.max(initial=0)
    return found


def _heard(evidence: Evidence, texts: Sequence[str]) -> list[Heard | None]:
    return [heard for start in range(0, len(texts), 32) for heard in evidence.hear(texts[start : start + 32])]


def _softmax(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    powers = np.exp(values - values.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result
