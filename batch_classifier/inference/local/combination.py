"""How evidence and trained head are taken together, what a confidence means, and when a text is a stranger.

All of it is learned from the prompt's own examples: each is judged by an engine that has not seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batch_classifier.inference.local.evidence import Evidence, Heard, KnownText
from batch_classifier.inference.local.strangers import COST, Border, Signs, Strictness, border_of, border_of_others
from batch_classifier.inference.local.understanding import Understanding
from batch_classifier.language.character_grams import CharacterGrams
from batch_classifier.language.dialogue import is_dialogue
from batch_classifier.language.other_subjects import OTHER_SUBJECTS
from batch_classifier.language.trained_head import TrainedHead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Where there are no examples: as like the prompt's texts as this share of sentences about other subjects is. On ten prompts that
# costs 0.7, 1.6 and 3.6 points of accuracy, and finds 9, 18 and 36 of 100 strangers.
_SHARE_OF_OTHERS: dict[Strictness, float] = {"low": 0.1, "normal": 0.25, "high": 0.5}
# A unit of evidence, as the logarithm of a share. The temperature that is learned is on top of it.
_UNIT = 0.5
# Where no example teaches it. At 0.4 descriptions of a sentence are as often right as they say (0.03 to 0.06 apart on calls and notes, of
# 17 words and more); names alone say less: at 1.2 they are 0.15 apart on average over eight public sets, at 0.4 0.25.
_TEMPERATURE, _TEMPERATURE_OF_NAMES = 0.4, 1.2
_WORDS_OF_A_DESCRIPTION = 10
_HEAD_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_TEMPERATURES = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
# The temperature that is usual with a weight of the head, as found with 300 examples and more of eleven prompts, and how much this counts
# beside the examples: as a parabola of its logarithm. From 1 to 5 it makes little difference.
_TEMPERATURE_ALONE, _TEMPERATURE_BY_HEAD, _PRIOR = 0.5, 0.4, 2.0
# Less than this is not worth asking the head.
_LEAST_WEIGHT = 0.02
_FOLDS = 5
# With many examples fewer folds say as much, in less time.
_MANY_EXAMPLES, _FOLDS_OF_MANY = 300, 3
# Fewer examples say nothing of shares of a hundredth.
FEWEST_EXAMPLES = 20


@dataclass(frozen=True)
class Combination:
    """How to judge one kind of text.

    Attributes:
        head_weight: what the head counts beside the evidence; 0 where it is of no use.
        temperature: divides the evidence, so that the shares of the categories are as often right as they say.
        border: when a text is a stranger; None where that is to be told as without this.
    """

    head_weight: float
    temperature: float
    border: Border | None

    def judged(
        self, evidence: "NDArray[Any]", head: "NDArray[Any] | None", similarity: "NDArray[Any]"
    ) -> "tuple[NDArray[np.float64], Signs]":
        """The categories' shares, and how much each text belongs to the prompt.

        Args:
            evidence: for each category, one row a text.
            head: the head's logarithms of shares; None where it has no say.
            similarity: of each text to the most similar known one.
        """
        return judged_at(self.head_weight, self.temperature, evidence, head, similarity)


@dataclass(frozen=True)
class Learned:
    """What the known texts teach.

    Attributes:
        plain: how to judge a text.
        spoken: how to judge a dialogue.
        examples: how many examples it was learned from; 0 where they were too few.
        others: where what belongs ends as far as sentences about other subjects can tell.
        understanding: which languages there are.
    """

    plain: Combination
    spoken: Combination
    examples: int
    others: Border
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
    of_others = border_of_others(np.array(like_others), _SHARE_OF_OTHERS[strictness])
    untaught = Combination(0.0, _usual_temperature(known), of_others)
    examples = _examples(known)
    is_spoken = np.array([is_dialogue(text.text) for _, text in examples], bool)
    owners = np.array([text.owner for _, text in examples])
    kinds = [
        rows if _is_enough(owners[rows]) else None for rows in (np.flatnonzero(~is_spoken), np.flatnonzero(is_spoken))
    ]
    if not any(rows is not None for rows in kinds):
        return Learned(untaught, untaught, 0, of_others)
    unseen = _unseen(known, examples, categories)
    # Examples that are no dialogues teach nothing of those: what the head learns from them is what a sentence is about, not whether it
    # matters; and of calls that are put together from such examples nothing better is learned of temperatures.
    plain, spoken = (
        untaught if rows is None else _taught(unseen.of(rows), owners[rows], unseen.others, COST[strictness])
        for rows in kinds
    )
    understanding = Understanding.of_examples(unseen.familiarity, is_by_words=not unseen.has_characters)
    return Learned(plain, spoken, len(examples), of_others, understanding)


def _usual_temperature(known: Sequence[KnownText]) -> float:
    """The temperature where no example teaches one: by how much the descriptions say."""
    described = {text.owner: len(text.text.split()) for text in reversed(known)}
    says_enough = sum(described.values()) >= _WORDS_OF_A_DESCRIPTION * len(described)
    return _TEMPERATURE if says_enough else _TEMPERATURE_OF_NAMES


def _is_enough(owners: "NDArray[Any]") -> bool:
    """Whether examples of these categories, by number, teach how to judge others."""
    categories = len(set(owners.tolist()))
    return categories > 1 and len(owners) >= max(FEWEST_EXAMPLES, 2 * categories)


def _taught(unseen: "_Unseen", truth: "NDArray[Any]", others: "_Unseen | None", cost: float) -> Combination:
    weight, temperature = _best(unseen, truth)
    shares, signs = judged_at(weight, temperature, unseen.evidence, unseen.head, unseen.similar)
    other = others or unseen
    _, other_signs = judged_at(weight, temperature, other.evidence, other.head, other.similar)
    return Combination(weight, temperature, border_of(signs, shares.argmax(axis=1) == truth, other_signs, cost))


def judged_at(
    weight: float,
    temperature: float,
    evidence: "NDArray[Any]",
    head: "NDArray[Any] | None",
    similarity: "NDArray[Any]",
) -> "tuple[NDArray[np.float64], Signs]":
    """Shares of the categories, and signs of belonging, with this weight of the head and at this temperature."""
    import numpy as np

    taken = evidence.astype(np.float64) / _UNIT
    sure = np.zeros(len(taken))
    if head is not None and weight:
        taken += weight * head
        sure = head.max(axis=1).astype(np.float64)
    taken /= temperature
    most = taken.max(axis=1, keepdims=True)
    powers = np.exp(taken - most)
    together = powers.sum(axis=1, keepdims=True)
    energy = (most + np.log(together))[:, 0]
    return powers / together, Signs(energy, sure, np.maximum(similarity, 0).astype(np.float64))


def _best(unseen: "_Unseen", truth: "NDArray[Any]") -> tuple[float, float]:
    """The weight of the head and the temperature, both as many examples as there are can tell.

    With few examples many weights and temperatures make the truth about as probable; of these the mean is taken, each counting
    as much as it is probable given the examples. A single best one would often be of chance, and too sure of itself.
    """
    import numpy as np

    rows = np.arange(len(truth))
    tried, losses = [], []
    for weight in _HEAD_WEIGHTS:
        usual = np.log(_TEMPERATURE_ALONE + _TEMPERATURE_BY_HEAD * weight)
        for temperature in _TEMPERATURES:
            shares, _ = judged_at(weight, temperature, unseen.evidence, unseen.head, unseen.similar)
            loss = -np.log(np.maximum(shares[rows, truth], 1e-9)).sum()
            tried.append((weight, temperature))
            losses.append(float(loss + _PRIOR * (np.log(temperature) - usual) ** 2))
    probable = np.exp(min(losses) - np.array(losses))
    probable /= probable.sum()
    # What is averaged is what the evidence and the head are multiplied by.
    of_evidence = float(sum(much / temperature for much, (_, temperature) in zip(probable, tried, strict=True)))
    of_head = float(
        sum(much * weight / temperature for much, (weight, temperature) in zip(probable, tried, strict=True))
    )
    weight = of_head / of_evidence
    return (round(weight, 3) if weight > _LEAST_WEIGHT else 0.0), round(1 / of_evidence, 3)


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
        others: what one of them says of texts about other subjects.
    """

    evidence: "NDArray[np.float64]"
    head: "NDArray[np.float64]"
    similar: "NDArray[np.float64]"
    familiarity: "NDArray[np.float64]"
    has_characters: bool = False
    others: "_Unseen | None" = None

    def of(self, rows: "NDArray[Any]") -> "_Unseen":
        """The same of some of the examples."""
        return _Unseen(
            self.evidence[rows], self.head[rows], self.similar[rows], self.familiarity[rows], self.has_characters
        )


def _unseen(known: Sequence[KnownText], examples: Sequence[tuple[int, KnownText]], categories: int) -> _Unseen:

    found = _nothing(len(examples), categories)
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
        _hear(found, places, evidence, texts)
    found.others = others = _nothing(len(OTHER_SUBJECTS), categories)
    others.head[:] = head.log_shares(OTHER_SUBJECTS)
    _hear(others, range(len(OTHER_SUBJECTS)), evidence, OTHER_SUBJECTS)
    return found


def _nothing(texts: int, categories: int) -> _Unseen:
    import numpy as np

    table = (texts, categories)
    return _Unseen(evidence=np.zeros(table), head=np.zeros(table), similar=np.zeros(texts), familiarity=np.zeros(texts))


def _hear(found: _Unseen, places: Sequence[int], evidence: Evidence, texts: Sequence[str]) -> None:
    for place, heard in zip(places, _heard(evidence, texts), strict=True):
        if heard is not None:
            found.evidence[place] = heard.evidence
            found.similar[place] = heard.similarities.max(initial=0)


def _heard(evidence: Evidence, texts: Sequence[str]) -> list[Heard | None]:
    return [heard for start in range(0, len(texts), 32) for heard in evidence.hear(texts[start : start + 32])]


def _softmax(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    powers = np.exp(values - values.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result
