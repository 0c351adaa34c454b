"""A linear model that says of each of its own texts what it would say had it not seen it, and reads many texts quickly.

Ridge regression (squares of errors, and of weights, are as small as can be) on the tokens of a text's distinct words and on the mean of
their vectors. What it learns from a text are sums of products, so that a model without some of the texts is had by subtracting theirs. And what it
says of a text is a sum over its words: what each word has to say is computed once. Deterministic.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.language.distinct_words import DistinctWords
from batch_classifier.language.word_table import tokens_of_words
from batch_classifier.language.word_vectors import DIMENSIONS, one_thread, summed, token_vectors

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.integer]

# A text's tokens have length 1, and its vector is about as long. From 2 to 5 the flips that are found are the same within 2 of 100.
_REGULARISATION = 3.0
# Tokens in the most texts. The time to train grows with their square, and with more nothing more is found.
_MOST_TOKENS = 1_500
# How much longer than the root of the sum of squares the sum of a text's vectors is: they have something in common.
_VECTOR_LENGTH = 1.5
_TEMPERATURES = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
_ROWS_AT_ONCE = 500
# What is remembered of words: so many ways to write them, and so many numbers (40 MB).
_MOST_SPELLINGS, _MOST_NUMBERS = 100_000, 10_000_000


class CrossValidated:
    """Trained on texts with categories numbered from 0; a text's fold says which texts it is to be judged without.

    Attributes:
        unseen: shares of the categories, one row a text of the training, by the texts of the other folds.
    """

    def __init__(self, texts: "pa.StringArray", owners: "Whole", folds: Sequence[int], categories: int) -> None:
        import numpy as np

        self._categories = categories
        counts = _token_counts(texts)
        in_texts = counts.getnnz(axis=0)
        rarity = (np.log((1 + len(texts)) / (1 + in_texts)) + 1).astype(np.float32)
        kept = np.argsort(-in_texts, kind="stable")[:_MOST_TOKENS]
        kept = kept[in_texts[kept] > 1]
        vectors = token_vectors()
        squares = np.square(vectors).sum(axis=1)
        features = np.ones((len(texts), DIMENSIONS + len(kept) + 1), np.float32)
        features[:, :DIMENSIONS] = counts @ vectors / _root(counts @ squares)[:, None] / _VECTOR_LENGTH
        lengths = _root(counts @ np.square(rarity))
        for start in range(0, len(texts), _ROWS_AT_ONCE):
            some = slice(start, start + _ROWS_AT_ONCE)
            own = counts[some][:, kept].toarray()
            features[some, DIMENSIONS:-1] = own * rarity[kept] / lengths[some, None]
        wanted = np.zeros((len(texts), categories), np.float32)
        wanted[np.arange(len(texts)), owners] = 1
        with one_thread():
            weights, said = _learned(features, wanted, np.asarray(folds))
            # What each token says by its vector and by itself, and its part in the lengths of both.
            own = np.zeros((len(vectors), categories), np.float32)
            own[kept] = weights[DIMENSIONS:-1] * rarity[kept, None]
            by_vector = vectors @ weights[:DIMENSIONS] / _VECTOR_LENGTH
        self._of_tokens = np.hstack([by_vector, own, squares[:, None], np.square(rarity)[:, None]])
        self._constant = weights[-1]
        self._temperature = min(_TEMPERATURES, key=lambda one: _loss(said, owners, one))
        self.unseen = _shares(said, self._temperature)
        self._forget()

    def shares(self, texts: "pa.StringArray") -> "Floats":
        """The shares of the categories, one row a text, for texts that it was not trained on."""
        if self._words.spellings > self._most_spellings:
            self._forget()
        words = self._words.of(texts)
        if self._words.met > self._used:
            self._add(self._words.since(self._used))
        # The table has room for more words than were met.
        sums = words @ self._of_words[: self._used]
        by_vector, own = sums[:, : self._categories], sums[:, self._categories : -2]
        said = by_vector / _root(sums[:, -2:-1]) + own / _root(sums[:, -1:]) + self._constant
        return _shares(said, self._temperature)

    def _forget(self) -> None:
        """Start the table of words anew."""
        import numpy as np

        columns = self._of_tokens.shape[1]
        self._most_spellings = min(_MOST_SPELLINGS, _MOST_NUMBERS // columns)
        self._words = DistinctWords()
        self._of_words = np.zeros((0, columns), np.float32)
        self._used = 0

    def _add(self, words: Sequence[str]) -> None:
        import numpy as np

        rows = summed(self._of_tokens, *tokens_of_words(words))
        if self._used + len(rows) > len(self._of_words):
            more = np.zeros((max(self._used, len(rows)), rows.shape[1]), np.float32)
            self._of_words = np.concatenate([self._of_words[: self._used], more])
        self._of_words[self._used : self._used + len(rows)] = rows
        self._used += len(rows)


def _token_counts(texts: "pa.StringArray") -> Any:
    """In how many of a text's distinct words each token is: a sparse matrix (CSR), one row a text."""
    import numpy as np
    from scipy import sparse

    words = DistinctWords()
    in_texts = words.of(texts).tocsr()
    tokens, counts = tokens_of_words(words.since(0))
    ends = np.concatenate([[0], np.cumsum(counts)])
    size = words.met, len(token_vectors())
    return in_texts @ sparse.csr_matrix((np.ones(len(tokens), np.float32), tokens, ends), shape=size)


def _learned(features: "Floats", wanted: "Floats", folds: "Whole") -> "tuple[Floats, Floats]":
    """The weights, and what weights that are learned without a text's fold say of it."""
    import numpy as np
    from scipy.linalg import solve

    products, targets = features.T @ features, features.T @ wanted
    diagonal = np.arange(len(products))
    products[diagonal, diagonal] += np.float32(_REGULARISATION)
    said = np.empty_like(wanted)
    for fold in np.unique(folds):
        is_own = folds == fold
        own = features[is_own]
        rest = products - own.T @ own
        said[is_own] = own @ solve(rest, targets - own.T @ wanted[is_own], assume_a="pos", overwrite_a=True)
    weights: Floats = solve(products, targets, assume_a="pos", overwrite_a=True)
    return weights, said


def _root(squares: "Floats") -> "Floats":
    import numpy as np

    roots: Floats = np.sqrt(np.maximum(squares, 1e-6))
    return roots


def _loss(said: "Floats", owners: "Whole", temperature: float) -> float:
    import numpy as np

    of_owners = _shares(said, temperature)[np.arange(len(said)), owners]
    return float(-np.log(np.maximum(of_owners, 1e-6)).mean())


def _shares(said: "Floats", temperature: float) -> "Floats":
    import numpy as np

    powers = np.exp((said - said.max(axis=1, keepdims=True)) / np.float32(temperature))
    result: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return result
