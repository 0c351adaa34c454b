"""Texts as rows of numbers that a linear model can be trained on.

The mean of a text's token vectors, beside TF-IDF of its tokens and of pairs of neighbouring ones; where texts are in a language that
the vectors do not carry, TF-IDF of its runs of characters as well. Texts are read from beginning to end.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.language.character_grams import CharacterGrams
from batch_classifier.language.coverage import has_other_language
from batch_classifier.language.vocabulary import places_kept, texts_with_each, vocabulary_of
from batch_classifier.language.word_table import tokens_of
from batch_classifier.language.word_vectors import DIMENSIONS, normalised, sums_of_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

_SECOND_TOKEN = 1 << 20


class TextFeatures:
    """Features that some texts teach: which tokens and pairs there are, and how rare each is.

    Attributes:
        taught: the features of those texts themselves, a sparse matrix (CSR) with one row a text.
        has_characters: whether runs of characters are among them.
    """

    def __init__(self, texts: Sequence[str], least_texts: int = 1, most: int | None = None) -> None:
        """What fewer than `least_texts` of them have is no feature; of the others the `most` are kept that most texts have."""
        import numpy as np
        from scipy import sparse

        # Where the vectors carry the language, runs of characters add nothing to its words, and take as long as all else.
        self.has_characters = has_other_language(texts)
        if self.has_characters and most is not None:
            most //= 2
        tokens, counts = tokens_of(texts)
        grams, owners = _grams(tokens, counts)
        vocabulary, numbers = np.unique(grams, return_inverse=True)
        in_texts = texts_with_each(owners, numbers, len(vocabulary))
        rarity = np.log((1 + len(texts)) / (1 + in_texts)) + 1
        kept = places_kept(in_texts, least_texts, most)
        self._take(vocabulary[kept], rarity[kept])
        self.taught = self._of_tokens(tokens, counts)
        self._characters: CharacterGrams | None = None
        if self.has_characters:
            self._characters, taught = CharacterGrams.of_texts(texts, least_texts, most)
            self.taught = sparse.hstack([self.taught, taught]).tocsr()

    @property
    def columns(self) -> int:
        """How many features there are."""
        return DIMENSIONS + len(self._vocabulary) + (self._characters.columns if self._characters else 0)

    def arrays(self) -> "dict[str, NDArray[np.generic]]":
        """All that was taught, but for the features of the texts themselves, as arrays of numbers."""
        characters = self._characters.arrays() if self._characters else {}
        return {"vocabulary": self._vocabulary, "rarity": self._rarity, **characters}

    @classmethod
    def from_arrays(cls, arrays: "Mapping[str, NDArray[np.generic]]") -> "TextFeatures":
        """What gave these arrays; raises KeyError or ValueError where they are something else's."""
        features = cls.__new__(cls)
        features._take(*vocabulary_of(arrays, "vocabulary", "rarity"))
        features._characters = CharacterGrams.from_arrays(arrays)
        features.has_characters = features._characters is not None
        features.taught = None
        return features

    def _take(self, vocabulary: "Whole", rarity: "NDArray[np.float64]") -> None:
        import numpy as np

        self._vocabulary, self._rarity = vocabulary, rarity
        pairs = vocabulary[vocabulary >= _SECOND_TOKEN]
        self._is_known = np.zeros(1 << 16, bool)
        if pairs.size and pairs.max() // _SECOND_TOKEN > len(self._is_known):
            raise ValueError("these are no tokens' numbers")
        for known in (vocabulary[vocabulary < _SECOND_TOKEN], pairs // _SECOND_TOKEN - 1, pairs % _SECOND_TOKEN):
            self._is_known[known] = True

    def of(self, texts: Sequence[str]) -> Any:
        """The features of these texts, a sparse matrix (CSR) with one row a text; each depends on its own text only."""
        return self.with_familiarity(texts)[0]

    def with_familiarity(self, texts: Sequence[str]) -> "tuple[Any, NDArray[np.float64]]":
        """The features, and how much of each text's runs of characters is known, 0 to 1; 0 where none were learned."""
        import numpy as np
        from scipy import sparse

        features = self._of_tokens(*tokens_of(texts))
        if self._characters is None:
            return features, np.zeros(len(texts))
        characters, familiarity = self._characters.of(texts)
        return sparse.hstack([features, characters]).tocsr(), familiarity

    def _of_tokens(self, tokens: "Whole", counts: "Whole") -> Any:
        import numpy as np
        from scipy import sparse

        means = normalised(sums_of_rows(tokens, counts)).astype(np.float64)
        grams, owners = _grams(tokens, counts, self._is_known)
        size = max(len(self._vocabulary), 1)
        found = np.searchsorted(self._vocabulary, grams)
        is_known = self._vocabulary[np.minimum(found, size - 1)] == grams if len(self._vocabulary) else grams < 0
        places, times = np.unique(owners[is_known] * size + found[is_known], return_counts=True)
        owner, place = np.divmod(places, size)
        weights = (1 + np.log(times)) * self._rarity[place]
        lengths = np.sqrt(np.bincount(owner, weights * weights, len(counts)))
        ends = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(counts)))])
        frequencies = sparse.csr_matrix(
            (weights / np.maximum(lengths[owner], 1e-6), place, ends), shape=(len(counts), len(self._vocabulary))
        )
        return sparse.hstack([sparse.csr_matrix(means), frequencies]).tocsr()


def _grams(tokens: "Whole", counts: "Whole", known: "NDArray[np.bool_] | None" = None) -> "tuple[Whole, Whole]":
    """Tokens and pairs of neighbours in a text, as numbers of their own, and the number of the text of each.

    Where it is told which tokens are known, those that are not, and their pairs, are left out.
    """
    import numpy as np

    owners = np.repeat(np.arange(len(counts)), counts)
    is_pair = owners[:-1] == owners[1:]
    if known is not None:
        is_known = known[tokens]
        is_pair &= is_known[:-1] & is_known[1:]
        singles, single_owners = tokens[is_known], owners[is_known]
    else:
        singles, single_owners = tokens, owners
    pairs = (tokens[:-1][is_pair] + 1) * _SECOND_TOKEN + tokens[1:][is_pair]
    return np.concatenate([singles, pairs]), np.concatenate([single_owners, owners[1:][is_pair]])
