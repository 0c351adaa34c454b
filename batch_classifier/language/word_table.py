"""The pieces of many texts at once, word by word: each word is taken apart once, as long as it is remembered."""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from batch_classifier.language.word_vectors import begins_word, sums_of_rows, token_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]
    Pieces = tuple[Whole, Whole]

_WORDS_KEPT = 100_000
# How many words the tokenizer is given as one text: to give it each for itself takes three times as long.
_WORDS_AT_ONCE = 50
# A tokenizer takes a time that grows faster than the length of a word.
_LONGEST_WORD = 60
_CHARACTERS_AT_ONCE = 100_000


class WordTable:
    """Remembers words and their pieces, which are numbers. Safe to share between threads.

    `take_apart` gives for some words all their pieces, one word after the other, and how many each has.
    """

    def __init__(self, take_apart: "Callable[[Sequence[str]], Pieces]") -> None:
        self._take_apart = take_apart
        self._lock = threading.Lock()
        self._forget()

    def pieces(self, texts: Sequence[str]) -> "Pieces":
        """The pieces of these texts in small letters, one text after the other, and how many each text has."""
        import numpy as np

        with self._lock:
            rows: list[int] = []
            ends = [0]
            for text in texts:
                for part in _parts(text):
                    rows += map(self._places.__getitem__, part.lower().split())
                ends.append(len(rows))
            if self._places.new:
                self._add(self._places.new)
                self._places.new = []
            taken = np.array(rows, np.int64)
            lengths = self._lengths.all[taken]
            last = np.concatenate([[0], np.cumsum(lengths)])
            pieces = self._pieces.all[np.repeat(self._starts.all[taken] - last[:-1], lengths) + np.arange(last[-1])]
            if len(self._places) > _WORDS_KEPT:
                self._forget()
        return pieces, np.diff(last[ends])

    def _forget(self) -> None:
        self._places = _Places()
        self._pieces, self._starts, self._lengths = _Growing(), _Growing(), _Growing()

    def _add(self, words: Sequence[str]) -> None:
        import numpy as np

        pieces, lengths = self._take_apart(words)
        self._starts.add(self._pieces.used + np.cumsum(lengths) - lengths)
        self._lengths.add(lengths)
        self._pieces.add(pieces)


class _Places(dict[str, int]):
    """Numbers words in the order in which they are first asked for; `new` are those that nobody has taken note of."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, word: str) -> int:
        place = self[word] = len(self)
        self.new.append(word)
        return place


class _Growing:
    """Whole numbers to which more are added at the end, with room for as many again."""

    def __init__(self) -> None:
        import numpy as np

        self._room = np.zeros(0, np.int64)
        self.used = 0

    @property
    def all(self) -> "Whole":
        """Those that were added."""
        return self._room[: self.used]

    def add(self, numbers: "Whole") -> None:
        """Add these."""
        import numpy as np

        end = self.used + len(numbers)
        if end > len(self._room):
            room = np.empty(2 * end, np.int64)
            room[: self.used] = self.all
            self._room = room
        self._room[self.used : end] = numbers
        self.used = end


def embed(words: Sequence[str]) -> "tuple[Floats, Whole]":
    """Each word's vector, the sum of its tokens' vectors, and the number of its tokens; one row a word, in small letters."""
    import numpy as np

    if not words:
        return sums_of_rows(np.zeros(0, np.int64), np.zeros(0, np.int64)), np.zeros(0, np.int64)
    tokens, counts = tokens_of_words(words)
    return sums_of_rows(tokens, counts), counts


def tokens_of(texts: Sequence[str]) -> "Pieces":
    """The tokens of these texts in small letters, one text after the other, and how many each text has.

    The tokenizer's tokens do not reach across spaces, so that a text's tokens are those of its words.
    """
    return _tokens().pieces(texts)


@lru_cache(maxsize=1)
def _tokens() -> WordTable:
    return WordTable(tokens_of_words)


def _parts(text: str) -> Sequence[str]:
    """A text without halves of characters, which the tokenizer refuses; a long one in parts, to hold few of its words at once."""
    sound = text if text.isascii() else text.encode(errors="replace").decode()
    if len(sound) <= _CHARACTERS_AT_ONCE:
        return [sound]
    return [sound[start : start + _CHARACTERS_AT_ONCE] for start in range(0, len(sound), _CHARACTERS_AT_ONCE)]


def tokens_of_words(words: Sequence[str]) -> "Pieces":
    """The tokens of these words in small letters, one word after the other, and how many each has; nothing is remembered."""
    import numpy as np

    cut = [_without_end(word) for word in words]
    given = [" ".join(cut[start : start + _WORDS_AT_ONCE]) for start in range(0, len(cut), _WORDS_AT_ONCE)]
    tokens = np.concatenate(token_ids(given))
    begins = np.flatnonzero(begins_word()[tokens])
    counts = np.array([word.count(" ") + 1 for word in cut])
    if len(begins) != counts.sum():
        # A word that holds the tokenizer's own sign for a space.
        alone = token_ids(cut)
        return np.concatenate(alone), np.array([len(of_word) for of_word in alone])
    firsts = begins[np.cumsum(counts) - counts]
    return tokens, np.diff(firsts, append=len(tokens))


def _without_end(word: str) -> str:
    if len(word) <= _LONGEST_WORD:
        return word
    return " ".join(word[start : start + _LONGEST_WORD] for start in range(0, len(word), _LONGEST_WORD))
