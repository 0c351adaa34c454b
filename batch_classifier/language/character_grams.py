"""TF-IDF of the runs of two to four characters in words: what is known of a language without knowing its words.

Endings, stems and the characters of scripts that a tokenizer cuts into bytes are among them. A run may hold one space, before or
after a word.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.language.vocabulary import places_kept, texts_with_each, vocabulary_of
from batch_classifier.language.word_table import WordTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

_LENGTHS = (2, 3, 4)
# More than there are characters, so that no two runs of up to three have the same number; four wrap around, far apart.
_CHARACTERS = 0x110000


class CharacterGrams:
    """Runs of characters, as numbers, ascending, and how rare each is."""

    def __init__(self, vocabulary: "Whole", rarity: "NDArray[np.float64]") -> None:
        self._vocabulary, self._rarity = vocabulary, rarity
        self._table = WordTable(self._places_of_words)

    @classmethod
    def of_texts(
        cls, texts: Sequence[str], least_texts: int = 1, most: int | None = None
    ) -> "tuple[CharacterGrams, Any]":
        """The runs that texts teach, and their features of those texts; `least_texts` and `most` as for `TextFeatures`."""
        import numpy as np

        runs, counts = WordTable(_runs_of_words).pieces(texts)
        vocabulary, numbers = np.unique(runs, return_inverse=True)
        in_texts = texts_with_each(np.repeat(np.arange(len(texts)), counts), numbers, len(vocabulary))
        rarity = np.log((1 + len(texts)) / (1 + in_texts)) + 1
        kept = places_kept(in_texts, least_texts, most)
        grams = cls(vocabulary[kept], rarity[kept])
        return grams, grams.of(texts)[0]

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self._vocabulary)

    def arrays(self) -> "dict[str, NDArray[np.generic]]":
        """All that was taught as arrays of numbers."""
        return {"runs": self._vocabulary, "rarity_of_runs": self._rarity}

    @classmethod
    def from_arrays(cls, arrays: "Mapping[str, NDArray[np.generic]]") -> "CharacterGrams | None":
        """What gave these arrays; None where they have no runs of characters."""
        return cls(*vocabulary_of(arrays, "runs", "rarity_of_runs")) if "runs" in arrays else None

    def of(self, texts: Sequence[str]) -> "tuple[Any, NDArray[np.float64]]":
        """The features of these texts, a sparse matrix (CSR) with rows of length 1, one a text, and what share of its runs is known."""
        import numpy as np
        from scipy import sparse

        places, counts = self._table.pieces(texts)
        size = len(self._vocabulary)
        owners = np.repeat(np.arange(len(texts)), counts)
        is_known = places < size
        unknown = np.bincount(owners, ~is_known, len(texts))
        owners, places = owners[is_known], places[is_known]
        ends = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(texts)))])
        matrix = sparse.csr_matrix((np.ones(len(places)), places, ends), shape=(len(texts), size)).tocsc()
        # By columns, equal ones stand side by side: to sort each text's runs would take longer than all else.
        matrix.sum_duplicates()
        matrix = matrix.tocsr()
        matrix.data = (1 + np.log(matrix.data)) * self._rarity[matrix.indices]
        lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
        matrix.data /= np.repeat(np.maximum(lengths, 1e-6), np.diff(matrix.indptr))
        return matrix, 1 - unknown / np.maximum(counts, 1)

    def familiarity(self, texts: Sequence[str]) -> "NDArray[np.float64]":
        """What share of each text's runs is known, 0 to 1; of one without words all."""
        import numpy as np

        places, counts = self._table.pieces(texts)
        is_unknown = places == len(self._vocabulary)
        unknown = np.bincount(np.repeat(np.arange(len(texts)), counts), is_unknown, len(texts))
        share: NDArray[np.float64] = 1 - unknown / np.maximum(counts, 1)
        return share

    def _places_of_words(self, words: Sequence[str]) -> "tuple[Whole, Whole]":
        import numpy as np

        runs, counts = _runs_of_words(words)
        size = len(self._vocabulary)
        places = np.searchsorted(self._vocabulary, runs)
        is_known = np.append(self._vocabulary, 0)[places] == runs
        return np.where(is_known & (places < size), places, size), counts


def _runs_of_words(words: Sequence[str]) -> "tuple[Whole, Whole]":
    import numpy as np

    characters = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le"), np.uint32).astype(np.int64)
    is_space = characters == ord(" ")
    found, at = [], []
    for length in _LENGTHS:
        number = np.zeros(max(len(characters) - length + 1, 0), np.int64)
        crosses = np.zeros(len(number), bool)
        for place in range(length):
            number = number * _CHARACTERS + characters[place : place + len(number)]
            if 0 < place < length - 1:
                crosses |= is_space[place : place + len(number)]
        found.append(number[~crosses])
        # A run belongs to the word that its second character is in, or its first where that is the space behind.
        word = np.cumsum(is_space)[: len(number)] - 1
        at.append(word[~crosses])
    owners = np.concatenate(at)
    order = np.argsort(owners, kind="stable")
    return np.concatenate(found)[order], np.bincount(owners, minlength=len(words))[: len(words)]
