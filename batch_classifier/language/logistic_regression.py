"""Logistic regression on sparse features, for a handful of texts and for fifty thousand. Deterministic."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batch_classifier.language.without_pandas import without_pandas

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]

# Little regularisation: with a handful of texts each says something, and between 3 and 30 it makes no difference. Of many texts
# each says less, and what is learned of them comes out nearer to the truth, and their shares too.
_INVERSE_REGULARISATION, _OF_MANY = 10.0, 30.0
_ITERATIONS = 300
# The optimum is flat: after so many steps, or at this gradient, no verdict changes any more.
_ITERATIONS_OF_MANY, _TOLERANCE = 100, 1e-4
# Up to here the products of all texts with each other are small beside their features.
MANY_TEXTS = 1_000
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Linear:
    """What was learned.

    Attributes:
        classes: numbers of the categories that had texts, ascending.
        weights: one row a feature, one column for each of these categories; of numbers that half precision can hold.
        intercept: for each of these categories.
    """

    classes: "Whole"
    weights: "Floats"
    intercept: "Floats"

    def log_shares(self, features: Any) -> "NDArray[np.float64]":
        """The logarithm of the probability of each of `classes`, one row a text."""
        import numpy as np

        said = np.asarray(features @ self.weights, np.float64) + self.intercept
        said -= said.max(axis=1, keepdims=True)
        said -= np.log(np.exp(said).sum(axis=1, keepdims=True))
        return said


def fit(features: Any, owners: "Whole") -> Linear:
    """Learn which features (CSR, one row a text) speak for which category; of at least two categories there are texts."""
    import numpy as np

    is_many = features.shape[0] > MANY_TEXTS
    with warnings.catch_warnings():
        # It wonders whether so many classes are numbers, and says when it was near enough and not all the way.
        warnings.simplefilter("ignore")
        model, weights = _from_features(features, owners) if is_many else _from_products(features, owners)
    intercept = model.intercept_
    if len(model.classes_) == 2:
        # For two classes the library keeps one column, that of the second.
        weights = np.hstack([-weights, weights]) / 2
        intercept = np.array([-intercept[0], intercept[0]]) / 2
    # As they can be written to a file in half the space: a model that was read says what it said before.
    exact = weights.astype(np.float16).astype(np.float32)
    return Linear(model.classes_.astype(np.int64), exact, intercept.astype(np.float32))


def _from_features(features: Any, owners: "Whole") -> Any:
    import numpy as np

    with without_pandas():
        from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_OF_MANY, max_iter=_ITERATIONS_OF_MANY, tol=_TOLERANCE)
    model.fit(features.astype(np.float32), owners)
    return model, model.coef_.T


def _from_products(features: Any, owners: "Whole") -> Any:
    """The same optimum in as many dimensions as there are texts, where there are many times as many features."""
    import numpy as np
    from scipy.linalg import solve_triangular

    with without_pandas():
        from sklearn.linear_model import LogisticRegression

    products = (features @ features.T).toarray()
    root = np.linalg.cholesky(products + _ROUNDING * np.eye(len(products)))
    model = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_ITERATIONS)
    model.fit(root, owners)
    return model, features.T @ solve_triangular(root, model.coef_.T, lower=True, trans="T")
