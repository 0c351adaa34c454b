"""How evidence and a prompt's trained model are taken together, learned from texts whose class people have said.

Neither has seen these texts: the evidence comes from descriptions and examples, and the model judges each by a head without it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch_classifier.inference.local.combination import COST, SHARE_FOUND, Combination, Strictness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Sharper than the least is asked for only by texts that are all right; within a step nothing changes much.
_MODEL_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_TEMPERATURES = tuple(round(0.09 * 2 ** (step / 4), 3) for step in range(27))
# A score below which one or two texts lie is chance.
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
        truth: the number of the category.
        alone: shares of the categories by the engine without the model.
    """

    evidence: "NDArray[Any]"
    said: "NDArray[Any]"
    similar: "NDArray[Any]"
    truth: "NDArray[Any]"
    alone: "NDArray[Any]"


def learn_from(
    texts: LabelledTexts, strictness: Strictness, fallback: int, untaught: Combination
) -> Combination | None:
    """How to judge texts of this kind; None where the engine alone is as good, as far as the texts can tell.

    Args:
        texts: they teach it.
        strictness: how readily a text is taken for a stranger.
        fallback: the number of the category that strangers go to.
        untaught: by what similarity strangers are told where the texts are too few to say.
    """
    import numpy as np

    losses, judge = _best(texts)
    rows = np.arange(len(texts.truth))
    gained = -np.log(np.maximum(texts.alone[rows, texts.truth], 1e-9)) - losses
    if gained.mean() <= gained.std() / np.sqrt(len(gained)):
        return None
    return _with_strangers(texts, judge, strictness, fallback, untaught)


def _best(texts: LabelledTexts) -> "tuple[NDArray[np.float64], Combination]":
    """The least weight of the model that is as good as the best, with its temperature, and the loss of each text.

    As good is what makes the truth as probable, but for one standard error of the difference: the rule of Breiman and others,
    Classification and Regression Trees (1984).
    """
    import numpy as np

    rows, found = np.arange(len(texts.truth)), []
    for weight in _MODEL_WEIGHTS:
        judges = [Combination(weight, temperature, 0.0, by_share=True) for temperature in _TEMPERATURES]
        losses = [
            -np.log(np.maximum(judge.shares(texts.evidence, texts.said)[rows, texts.truth], 1e-9)) for judge in judges
        ]
        found.append(min(zip(losses, judges, strict=True), key=lambda one: float(one[0].mean())))
    least = min(found, key=lambda one: float(one[0].mean()))[0]
    return next(
        (loss, judge)
        for loss, judge in found
        if (loss - least).mean() <= (loss - least).std() / np.sqrt(len(rows)) + 1e-9
    )


def _with_strangers(
    texts: LabelledTexts, judge: Combination, strictness: Strictness, fallback: int, untaught: Combination
) -> Combination:
    """The judge, and below which score a text is a stranger."""
    import numpy as np

    shares = judge.shares(texts.evidence, texts.said)
    scores = shares.max(axis=1) * np.maximum(texts.similar, 0)
    order = np.argsort(scores, kind="stable")
    is_right, is_strange = (shares.argmax(axis=1) == texts.truth)[order], (texts.truth == fallback)[order]
    lost = np.cumsum(is_right & ~is_strange)
    most = min(int(np.searchsorted(lost / len(order), COST[strictness], side="right")), len(order) - 1)
    if is_strange.sum() >= _FEWEST_STRANGERS:
        # They show what is won by sending texts to the fallback, and not only what is lost.
        won = np.concatenate([[0], np.cumsum(is_strange & ~is_right) - lost])
        most = int(np.argmax(won[: most + 1]))
    elif COST[strictness] * len(order) < _FEWEST_LOST:
        return Combination(
            judge.head_weight,
            judge.temperature,
            untaught.least_score,
            by_share=untaught.by_share,
            strangers_share=untaught.strangers_share,
            strangers_expected=COST[strictness],
        )
    return Combination(
        judge.head_weight,
        judge.temperature,
        float(scores[order[most]]),
        by_share=True,
        own_scores=tuple(scores[order[:most]].tolist()),
        examples=len(order),
        strangers_share=SHARE_FOUND,
        strangers_expected=max(COST[strictness], float(is_strange.mean())),
    )
