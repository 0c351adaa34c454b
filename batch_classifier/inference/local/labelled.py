"""How evidence and a prompt's trained model are taken together, learned from texts whose class people have said.

Neither has seen these texts: the evidence comes from descriptions and examples, and the model judges each by a head without it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch_classifier.inference.local.combination import Combination, judged_at
from batch_classifier.inference.local.strangers import COST, Strictness, border_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Sharper than the least is asked for only by texts that are all right; within a step nothing changes much.
_MODEL_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_TEMPERATURES = tuple(round(0.09 * 2 ** (step / 4), 3) for step in range(27))
# Of new texts up to twice as many are given up as of those that teach it, measured with 500 and 2,000 labels of two public sets: these were
# cleared of improbable labels, and new texts were not.
_SHARE_OF_COST = 0.5
# A score below which one or two texts lie is chance: what the engine has learned of strangers without them is kept.
_FEWEST_LOST = 3
# So many texts of the fallback show what strangers are like.
_FEWEST_STRANGERS = 5


@dataclass(frozen=True)
class LabelledTexts:
    """What is known of some texts, one row each.

    Attributes:
        evidence: for each category.
        said: the model's logarithms of shares.
        similar: the best similarity to a known text.
        truth: the number of the category; none of texts about other subjects.
        alone: shares of the categories by the engine without the model.
    """

    evidence: "NDArray[Any]"
    said: "NDArray[Any]"
    similar: "NDArray[Any]"
    truth: "NDArray[Any]"
    alone: "NDArray[Any]"


def learn_from(
    texts: LabelledTexts, others: LabelledTexts, strictness: Strictness, fallback: int
) -> Combination | None:
    """How to judge texts of this kind; None where the engine alone is as good, as far as the texts can tell.

    Args:
        texts: they teach it.
        others: texts about other subjects.
        strictness: how readily a text is taken for a stranger.
        fallback: the number of the category that strangers go to.
    """
    import numpy as np

    losses, weight, temperature = _best(texts)
    rows = np.arange(len(texts.truth))
    gained = -np.log(np.maximum(texts.alone[rows, texts.truth], 1e-9)) - losses
    if gained.mean() <= gained.std() / np.sqrt(len(gained)):
        return None
    shares, signs = judged_at(weight, temperature, texts.evidence, texts.said, texts.similar)
    _, other_signs = judged_at(weight, temperature, others.evidence, others.said, others.similar)
    is_strange = texts.truth == fallback
    cost = COST[strictness] * _SHARE_OF_COST
    if is_strange.sum() < _FEWEST_STRANGERS and cost * len(is_strange) < _FEWEST_LOST:
        return Combination(weight, temperature, None)
    border = border_of(
        signs,
        shares.argmax(axis=1) == texts.truth,
        other_signs,
        cost,
        is_strange if is_strange.sum() >= _FEWEST_STRANGERS else None,
    )
    return Combination(weight, temperature, border)


def _best(texts: LabelledTexts) -> "tuple[NDArray[np.float64], float, float]":
    """The least weight of the model that is as good as the best, with its temperature, and the loss of each text before them.

    As good is what makes the truth as probable, but for one standard error of the difference: the rule of Breiman and others,
    Classification and Regression Trees (1984).
    """
    import numpy as np

    rows, found = np.arange(len(texts.truth)), []
    for weight in _MODEL_WEIGHTS:
        losses = []
        for temperature in _TEMPERATURES:
            shares, _ = judged_at(weight, temperature, texts.evidence, texts.said, texts.similar)
            losses.append((-np.log(np.maximum(shares[rows, texts.truth], 1e-9)), weight, temperature))
        found.append(min(losses, key=lambda one: float(one[0].mean())))
    least = min(found, key=lambda one: float(one[0].mean()))[0]
    return next(one for one in found if (one[0] - least).mean() <= (one[0] - least).std() / np.sqrt(len(rows)) + 1e-9)
