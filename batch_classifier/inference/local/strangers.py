"""When a text is about none of a prompt's categories: learned from how much texts that belong to the prompt do so.

Three signs are added up, each in standard deviations of the texts that belong: the energy of the categories (how much speaks for
any of them, all taken together), how sure the trained head is, and how similar the most similar known text is. Energy: Liu and others,
Energy-based Out-of-distribution Detection (NeurIPS 2020).
"""

from bisect import bisect_right
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Strictness = Literal["low", "normal", "high"]
COST: dict[Strictness, float] = {"low": 0.005, "normal": 0.015, "high": 0.05}
"""What share of the texts that get their class may go to the fallback wrongly, so that strangers go there."""
# Energy alone finds as many strangers, and with a little of the others more of those that are nearest: measured on eleven prompts, with
# five and ten examples, each with 600 to 1,000 texts about other things; from a fifth to a half it makes little difference.
_WEIGHTS = (1.0, 0.3, 0.3)
_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True)
class Signs:
    """How much some texts belong to a prompt, one row a text.

    Attributes:
        energy: how much speaks for any of the categories.
        head: the logarithm of the share that the trained head gives its best category; 0 without a head.
        similarity: to the most similar known text.
    """

    energy: "Floats"
    head: "Floats"
    similarity: "Floats"


@dataclass(frozen=True)
class Border:
    """Where the texts that belong end.

    Attributes:
        weights: what a unit of energy, of the head's sign and of similarity counts.
        least: below this score a text is a stranger.
        own_scores: those of the texts that belong that are below `least`, ascending.
        texts: how many taught this; 0 where none did.
        found: how many of a few texts about other subjects are told to be strangers, 0 to 1.
        expected: how many of all texts are taken to be strangers, 0 to 1.
    """

    weights: tuple[float, float, float]
    least: float
    own_scores: tuple[float, ...] = ()
    texts: int = 0
    found: float = 1.0
    expected: float = 0.5

    def scores(self, signs: Signs) -> "Floats":
        """How much texts belong to the prompt."""
        energy, head, similarity = self.weights
        return energy * signs.energy + head * signs.head + similarity * signs.similarity

    def belonging(self, share: float, similarity: float) -> float:
        """How much a sentence of a long text belongs to the prompt, beside others; 0 for one that is like nothing known.

        Args:
            share: of its best category, 0 to 1; without examples it tells nothing.
            similarity: to the most similar known text.
        """
        return (share if self.texts else 1.0) * max(similarity, 0.0)

    def doubt_of_belonging(self, score: float) -> float:
        """How probable it is that a text with this score, below the least, is a stranger indeed, 0 to 1 (Bayes' rule).

        The lower the score, the fewer of the prompt's own texts have one as low.
        """
        strange = self.expected * self.found
        if not self.texts:
            return strange
        own = (bisect_right(self.own_scores, score) + 0.5) / (self.texts + 1)
        return strange / (strange + (1 - self.expected) * own)


def border_of_others(similarities: "Floats", share: float) -> Border:
    """Where no example teaches it: as like the prompt's texts as this share of texts about other subjects is."""
    import numpy as np

    least = float(np.quantile(similarities, share)) if len(similarities) else 0.0
    return Border((0.0, 0.0, 1.0), least, found=share)


def border_of(
    signs: Signs,
    is_right: "NDArray[np.bool_]",
    others: Signs,
    cost: float,
    is_strange: "NDArray[np.bool_] | None" = None,
) -> Border:
    """Where texts that belong teach it, at this cost.

    Args:
        signs: of these texts, judged by what had not seen them.
        is_right: whether each got its class: to send others to the fallback costs nothing.
        others: signs of texts about other subjects.
        cost: the share of the texts that may be given up.
        is_strange: whether each is a stranger, where enough are known. They show what is won, and not only what is lost.
    """
    import numpy as np

    weights = _in_deviations(signs)
    scores = Border(weights, 0.0).scores(signs)
    texts = len(scores)
    order = np.argsort(scores, kind="stable")
    belongs = is_right if is_strange is None else is_right & ~is_strange
    least = _lowest_kept(np.sort(scores[belongs]), texts, cost)
    most = int(np.searchsorted(scores[order], least))
    expected = cost
    if is_strange is not None:
        won: Floats = np.cumsum((is_strange & ~is_right)[order]) - np.cumsum(belongs[order])
        most = int(np.argmax(np.concatenate([[0], won[:most]])))
        least = float(scores[order[min(most, texts - 1)]])
        expected = max(cost, float(is_strange.mean()))
    strange = Border(weights, 0.0).scores(others) < least
    return Border(
        weights,
        least,
        own_scores=tuple(scores[order[:most]].tolist()),
        texts=texts,
        found=(int(strange.sum()) + 0.5) / (len(strange) + 1),
        expected=expected,
    )


def _lowest_kept(belong: "Floats", texts: int, cost: float) -> float:
    """The score below which, of so many other texts, this share is expected to get its class; `belong` are those that do, ascending.

    Of n others, k of n + 1 lie below the lowest but k - 1. Where that is too much for the lowest itself, the border lies as far beyond it
    as a normal distribution goes.
    """
    allowed = int(cost * (texts + 1))
    if not len(belong):
        return float("-inf")
    if allowed:
        return float(belong[min(allowed, len(belong)) - 1])
    normal = NormalDist()
    beyond = normal.inv_cdf(1 / (texts + 1)) - normal.inv_cdf(cost)
    return float(belong[0] - belong.std() * beyond)


def _in_deviations(signs: Signs) -> tuple[float, float, float]:
    energy, head, similarity = (
        # What is the same for all, as without a head, is no sign.
        weight / float(sign.std()) if sign.std() > _LEAST_DEVIATION else 0.0
        for weight, sign in zip(_WEIGHTS, (signs.energy, signs.head, signs.similarity), strict=True)
    )
    return energy, head, similarity
