"""A linear model beside the evidence, where a prompt has examples: what words in which neighbourhood tell the categories apart.

Logistic regression on the features of whole texts (`text_features`). Training is deterministic.
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from batch_classifier.language.text_features import TextFeatures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Little regularisation: with a handful of examples each says something. Between 3 and 30 it makes no difference.
_INVERSE_REGULARISATION = 10.0
_ITERATIONS = 300
_ROUNDING = 1e-6
# The logarithm of a share of one in a million.
_ALL_BUT_OUT = -13.8


class TrainedHead:
    """Trained on the texts of categories numbered from 0."""

    def __init__(self, texts: Sequence[str], owners: Sequence[int], categories: int) -> None:
        import numpy as np
        from scipy.linalg import solve_triangular
        from sklearn.linear_model import LogisticRegression

        self._categories = categories
        self._features = TextFeatures(texts)
        features = self._features.taught
        # The same optimum in as many dimensions as there are texts, where there are many times as many features.
        products = (features @ features.T).toarray()
        root = np.linalg.cholesky(products + _ROUNDING * np.eye(len(products)))
        model = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_ITERATIONS)
        with warnings.catch_warnings():
            # It wonders whether so many classes are numbers, and says when it was near enough and not all the way.
            warnings.simplefilter("ignore")
            model.fit(root, np.array(owners))
        self._classes, self._intercept = model.classes_, model.intercept_
        self._weights = features.T @ solve_triangular(root, model.coef_.T, lower=True, trans="T")
        if len(self._classes) == 2:
            # For two classes the library keeps one column, that of the second.
            self._weights = np.hstack([-self._weights, self._weights]) / 2
            self._intercept = np.array([-self._intercept[0], self._intercept[0]]) / 2

    def log_shares(self, texts: Sequence[str]) -> "Floats":
        """The logarithm of each category's probability, one row a text; one that it has not seen a text of is all but out."""
        import numpy as np

        logs = np.full((len(texts), self._categories), _ALL_BUT_OUT, np.float32)
        said = self._features.of(texts) @ self._weights + self._intercept
        said -= said.max(axis=1, keepdims=True)
        said -= np.log(np.exp(said).sum(axis=1, keepdims=True))
        logs[:, self._classes] = np.maximum(said, _ALL_BUT_OUT)
        return logs
