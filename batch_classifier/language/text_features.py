"""Texts as rows of numbers that a linear model can be trained on.

The mean of a text's token vectors, beside TF-IDF of its tokens and of pairs of neighbouring ones. Texts are read from beginning
to end.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.language.dialogue import READ_CHARACTERS
from batch_classifier.language.word_vectors import DIMENSIONS, normalised, sums_of_tokens, token_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

_SECOND_TOKEN = 1 << 20
# A tokenizer takes a time that grows faster than the length of a word.
_ENDLESS_WORD = re.compile(r"(\S{60})(?=\S)")


class TextFeatures:
    """Features that some texts teach: which tokens and pairs there are, and how rare each is.

    Attributes:
        taught: the features of those texts themselves, a sparse matrix (CSR) with one row a text.
    """

    def __init__(self, texts: Sequence[str], least_texts: int = 1, most: int | None = None) -> None:
        """What fewer than `least_texts` of them have is no feature; of the others the `most` are kept that most texts have."""
        import numpy as np

        tokens = _tokens(texts)
        grams = [np.unique(_grams(of_text)) for of_text in tokens]
        self._vocabulary, counts = np.unique(np.concatenate(grams), return_counts=True)
        self._rarity = (np.log((1 + len(tokens)) / (1 + counts)) + 1).astype(np.float32)
        self._keep(_kept(counts, least_texts, most))
        self.taught = self._of_tokens(tokens)

    @property
    def columns(self) -> int:
        """How many features there are."""
        return DIMENSIONS + len(self._vocabulary)

    def arrays(self) -> "dict[str, NDArray[np.generic]]":
        """All that was taught, but for the features of the texts themselves, as arrays of numbers."""
        return {"vocabulary": self._vocabulary, "rarity": self._rarity}

    @classmethod
    def from_arrays(cls, arrays: "Mapping[str, NDArray[np.generic]]") -> "TextFeatures":
        """What gave these arrays; raises KeyError or ValueError where they are something else's."""
        import numpy as np

        features = cls.__new__(cls)
        features._vocabulary = arrays["vocabulary"].astype(np.int64)
        features._rarity = arrays["rarity"].astype(np.float32)
        if features._vocabulary.ndim != 1 or features._rarity.shape != features._vocabulary.shape:
            raise ValueError("words and their rarity are not of one text")
        features.taught = None
        return features

    def _keep(self, places: "Whole") -> None:
        self._vocabulary, self._rarity = self._vocabulary[places], self._rarity[places]

    def of(self, texts: Sequence[str]) -> Any:
        """The features of these texts, a sparse matrix (CSR) with one row a text; each depends on its own text only."""
        return self._of_tokens(_tokens(texts))

    def _of_tokens(self, tokens: "Sequence[Whole]") -> Any:
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


def _kept(in_texts: "Whole", least: int, most: int | None) -> "Whole":
    """The places of the features that so many texts have, ascending; at most `most` of them."""
    import numpy as np

    places = np.flatnonzero(in_texts >= least)
    if most is not None and len(places) > most:
        # Of those that equally many texts have, the first.
        places = np.sort(places[np.argsort(-in_texts[places], kind="stable")[:most]])
    return places


def _tokens(texts: Sequence[str]) -> "list[Whole]":
    return token_ids([_ENDLESS_WORD.sub(r"\1 ", _sound(text)[:READ_CHARACTERS].lower()) for text in texts])


def _sound(text: str) -> str:
    """The text without halves of characters, which the tokenizer refuses."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _grams(tokens: "Whole") -> "Whole":
    """Tokens and pairs of neighbours, as numbers of their own."""
    import numpy as np

    return np.concatenate([tokens, (tokens[:-1] + 1) * _SECOND_TOKEN + tokens[1:]])
