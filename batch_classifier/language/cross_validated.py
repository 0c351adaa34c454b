"""A linear model that says of each of its own texts what it would say had it not seen it, without being trained more than once.

Ridge regression on the features of whole texts. What a model trained without some of the texts says of them has a closed form
(G. Stone 1974; Cawley and Talbot 2003 for kernels), so that thousands of texts take seconds. Deterministic.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.language.text_features import TextFeatures
from batch_classifier.language.word_vectors import DIMENSIONS, one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.integer]

# Features have length 1, twice. From a third to three times as much, the flips that are found are the same within 3 of 100.
_REGULARISATION = 1.0
_ROWS_AT_ONCE = 200
# Weights that it may have: the features that most texts have are kept.
_MOST_WEIGHTS = 8_000_000
_TEMPERATURES = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)


class CrossValidated:
    """Trained on texts with categories numbered from 0; a text's fold says which texts it is to be judged without.

    Attributes:
        unseen: shares of the categories, one row a text of the training, by the texts of the other folds.
    """

    def __init__(self, texts: Sequence[str], owners: "Whole", folds: Sequence[int], categories: int) -> None:
        import numpy as np

        self._features = TextFeatures(texts, 1, _MOST_WEIGHTS // categories)
        taught = self._features.taught
        self._features.taught = None
        size = len(texts)
        wanted = np.zeros((size, categories), np.float32)
        wanted[np.arange(size), owners] = 1
        with one_thread():
            products = _products(taught)
            products[np.arange(size), np.arange(size)] += np.float32(_REGULARISATION)
            inverse = _inverse(products)
            shares_of_texts = inverse @ wanted
            said = np.empty_like(wanted)
            for fold in np.unique(folds):
                own = np.flatnonzero(np.asarray(folds) == fold)
                said[own] = wanted[own] - np.linalg.solve(inverse[np.ix_(own, own)], shares_of_texts[own])
        self._constant = shares_of_texts.sum(axis=0)
        self._weights = (taught.T @ shares_of_texts).astype(np.float32)
        self._temperature = min(_TEMPERATURES, key=lambda one: _loss(said, owners, one))
        self.unseen = _shares(said, self._temperature)

    def shares(self, texts: Sequence[str]) -> "Floats":
        """The shares of the categories, one row a text, for texts that it was not trained on."""
        return _shares(self._features.of(texts) @ self._weights + self._constant, self._temperature)


def _products(features: Any) -> "Floats":
    """The products of all texts with each other, as if there were one feature more that all have."""
    import numpy as np

    features = features.astype(np.float32)
    # The vectors have no zeros, and would take a sparse product ten times as long.
    vectors, words = features[:, :DIMENSIONS].toarray(), features[:, DIMENSIONS:]
    result: Floats = vectors @ vectors.T
    others = words.T.tocsc()
    for start in range(0, len(result), _ROWS_AT_ONCE):
        # All at once they would take three times as much memory as the result.
        result[start : start + _ROWS_AT_ONCE] += (words[start : start + _ROWS_AT_ONCE] @ others).toarray()
    result += 1
    return result


def _inverse(positive: "Floats") -> "Floats":
    """The inverse of a symmetric, positive definite matrix, in its place."""
    from scipy.linalg import lapack

    # Fortran reads it by columns, which for a symmetric one is the same.
    factor, failed = lapack.spotrf(positive.T, lower=True, overwrite_a=True, clean=False)
    if not failed:
        factor, failed = lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed:
        raise ArithmeticError("The products of the texts' features are not positive definite.")
    # One half of it was computed; the other is filled in where it stands.
    result: Floats = factor
    for row in range(len(result)):
        result[row, row + 1 :] = result[row + 1 :, row]
    return result


def _loss(said: "Floats", owners: "Whole", temperature: float) -> float:
    import numpy as np

    of_owners = _shares(said, temperature)[np.arange(len(said)), owners]
    return float(-np.log(np.maximum(of_owners, 1e-6)).mean())


def _shares(said: "Floats", temperature: float) -> "Floats":
    import numpy as np

    powers = np.exp((said - said.max(axis=1, keepdims=True)) / temperature)
    result: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return result
