"""A linear model beside the evidence, where a prompt has examples: what words in which neighbourhood tell the categories apart.

Logistic regression on the mean of a text's token vectors beside TF-IDF of its tokens and of pairs of neighbouring ones. Texts are
read from beginning to end. Training is deterministic.
"""

import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.language.dialogue import READ_CHARACTERS
from batch_classifier.language.word_vectors import normalised, sums_of_tokens, token_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]

# Little regularisation: with a handful of examples each says something. Between 3 and 30 it makes no difference.
_INVERSE_REGULARISATION = 10.0
_ITERATIONS = 300
_ROUNDING = 1e-6
# The logarithm of a share of one in a million.
_ALL_BUT_OUT = -13.8
_SECOND_TOKEN = 1 << 20
# A tokenizer takes a time that grows faster than the length of a word.
_ENDLESS_WORD = re.compile(r"(\S{60})(?=\S)")


class TrainedHead:
    """Trained on the texts of categories numbered from 0."""

    def __init__(self, texts: Sequence[str], owners: Sequence[int], categories: int) -> None:
        import numpy as np
        from scipy.linalg import solve_triangular
        from sklearn.linear_model import LogisticRegression

        tokens = _tokens(texts)
        grams = [np.unique(_grams(of_text)) for of_text in tokens]
        self._vocabulary, counts = np.unique(np.concatenate(grams), return_counts=True)
        self._rarity = (np.log((1 + len(tokens)) / (1 + counts)) + 1).astype(np.float32)
        self._categories = categories
        features = self._features(tokens)
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
        said = self._features(_tokens(texts)) @ self._weights + self._intercept
        said -= said.max(axis=1, keepdims=True)
        said -= np.log(np.exp(said).sum(axis=1, keepdims=True))
        logs[:, self._classes] = np.maximum(said, _ALL_BUT_OUT)
        return logs

    def _features(self, tokens: "Sequence[Whole]") -> Any:
        import numpy as np
        from scipy import sparse

        places, weights, ends = [], [], [0]
        for of_text in tokens:
            grams, counts = np.unique(_grams(of_text), return_counts=True)
            found = np.minimum(np.searchsorted(self._vocabulary, grams), len(self._vocabulary) - 1)
            is_known = self._vocabulary[found] == grams if len(self._vocabulary) else np.zeros(len(grams), bool)
            found, counts = found[is_known], counts[is_known]
            weight = (1 + np.log(counts)) * self._rarity[found]
            places.append(found)
            weights.append(weight / max(float(np.sqrt(weight @ weight)), 1e-6))
            ends.append(ends[-1] + len(found))
        frequencies = sparse.csr_matrix(
            (np.concatenate(weights), np.concatenate(places), np.array(ends)),
            shape=(len(tokens), len(self._vocabulary)),
        )
        means = normalised(sums_of_tokens(tokens))
        return sparse.hstack([sparse.csr_matrix(means.astype(np.float64)), frequencies]).tocsr()


def _tokens(texts: Sequence[str]) -> "list[Whole]":
    return token_ids([_ENDLESS_WORD.sub(r"\1 ", _sound(text)[:READ_CHARACTERS].lower()) for text in texts])


def _sound(text: str) -> str:
    """The text without halves of characters, which the tokenizer refuses."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _grams(tokens: "Whole") -> "Whole":
    """Tokens and pairs of neighbours, as numbers of their own."""
    import numpy as np

    return np.concatenate([tokens, (tokens[:-1] + 1) * _SECOND_TOKEN + tokens[1:]])
