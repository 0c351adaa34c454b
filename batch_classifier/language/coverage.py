"""Whether a text is in a language that the word vectors carry.

The vectors were trained on one language, English for the most part, and it shows: its commonest words (the, of, to, is), which tell
nothing of what a text is about, have next to no length there, and its words are mostly tokens of their own. In another language
every "the" is loud, words are sums of pieces that they share with words of any meaning, and scripts that the tokenizer does not know
come as single bytes. So each word is a sign for or against, and the signs of a text add up.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from batch_classifier.language.dialogue import words_of
from batch_classifier.language.word_table import embed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# A word of one token that is shorter is quiet: a twentieth of all tokens are shorter than 6.4, and the commonest words than 5.
_QUIET_LENGTH = 5.0
# A piece of less than so many letters, on average, is a crumb.
_CRUMB = 1.5
# Logarithms of how much more often such a word is said in English than in another language. Counted in sentences of English and
# of twelve others: quiet are 28 to 45 of 100 words there and 0 to 11 here; in pieces 8 to 28 and 31 to 78; in crumbs 0.3 to 1.2,
# and 80 and more in Arabic, Chinese and Japanese. Other words of one token are as frequent in all.
_QUIET, _IN_PIECES, _IN_CRUMBS = 2.0, -1.0, -3.0
_LETTERS_OF_A_WORD = 4
PRIOR = 1.0
"""The logarithm of the odds, for a text of which nothing is known, that it is in a language that the vectors carry."""
# So many texts say what language a prompt's texts are in.
_TEXTS_ASKED = 1_000
# Of English sentences up to a tenth are taken for another language's.
_NO_ACCIDENT = 0.2


def signs_of_words(words: Sequence[str], vectors: "Floats", tokens: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """For each word, with its vector and the number of its tokens, how much it speaks for a language that is carried."""
    import numpy as np

    letters = np.array([len(word) for word in words])
    is_quiet = (tokens == 1) & (np.linalg.norm(vectors, axis=1) < _QUIET_LENGTH)
    is_crumbled = letters < _CRUMB * tokens
    is_crumbled &= tokens > 1
    # A script without spaces has many words in one.
    crumbs = _IN_CRUMBS * np.maximum(letters / _LETTERS_OF_A_WORD, 1)
    return np.select([is_quiet, is_crumbled, tokens > 1], [_QUIET, crumbs, _IN_PIECES], 0.0)


def has_other_language(texts: Sequence[str]) -> bool:
    """Whether enough of these texts are in a language that the vectors do not carry for it to be no accident."""
    import numpy as np

    words = [words_of(text.lower()) for text in texts[:_TEXTS_ASKED]]
    distinct = sorted({word for of_text in words for word in of_text})
    if not distinct:
        return False
    vectors, tokens = embed(distinct)
    sign = dict(zip(distinct, signs_of_words(distinct, vectors, tokens).tolist(), strict=True))
    odds = np.array([PRIOR + sum(sign[word] for word in of_text) for of_text in words])
    return float((odds < 0).mean()) >= _NO_ACCIDENT
