"""How doubtful a class is, 0 to 1: the model's own confidence, or a second opinion that has not seen the answer.

A language model gives no probability. So a model that is trained on its answers to other texts is asked what it makes of a
text, and its share for the class that was given is compared with that of the others: each divided by what texts of that class
usually get (confident learning: Northcutt, Jiang and Chuang, "Confident Learning", JAIR 2021). At 0.5 another class is as likely.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]
    Whole = NDArray[np.integer]

DECIMALS = 4


def usual_shares(shares: "Floats", given: "Whole") -> "Floats":
    """What the texts of each class get as their share of it, on average; a class with few of them is taken for like the others.

    Args:
        shares: of the classes, one row a text, by a model that has not seen the text's answer.
        given: the class that each text got, from 0.
    """
    import numpy as np

    own = shares[np.arange(len(given)), given]
    classes = shares.shape[1]
    # As if each class had one text more, an average one.
    totals = np.bincount(given, own, classes) + own.mean()
    result: Floats = totals / (np.bincount(given, minlength=classes) + 1)
    return result


def doubts(shares: "Floats", given: "Whole", usual: "Floats") -> "Floats":
    """The doubt of each text's class, 0 to 1; `usual` is what `usual_shares` gives."""
    import numpy as np

    rows = np.arange(len(shares))
    # None of them is 0: then both sides of a comparison could be.
    compared = np.maximum(shares, 1e-12) / np.maximum(usual, 1e-12)
    own = compared[rows, given]
    compared[rows, given] = 0
    other = compared.max(axis=1)
    result: Floats = np.round(other / (other + own), DECIMALS)
    return result
