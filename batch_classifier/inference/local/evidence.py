"""What the words and sentences of a text speak for, from descriptions and examples alone.

Two kinds of evidence are added up, sentence by sentence, and early sentences count most:

- each word speaks for the categories in whose descriptions and examples words like it stand (naive Bayes, its counts
  smoothed by the similarity of embeddings), and loudly if it is a telling word: function words have short vectors;
- each sentence, as the sum of its words, is compared with every example and description by cosine similarity.

Small talk is a category of its own that no text can get: the more a sentence is like it, the less it counts. In a
dialogue only the customer's turns are read, and the agent's first answer, which repeats what the customer wants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from batch_classifier.inference.local.remembered_words import RememberedWords
from batch_classifier.language.coverage import signs_of_words
from batch_classifier.language.dialogue import is_dialogue, weighted_sentences, words_of
from batch_classifier.language.word_table import embed
from batch_classifier.language.word_vectors import DIMENSIONS, normalised, summed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]

# Names of people and places begin with a capital letter and tell little about what is wanted.
_NAME_WEIGHT = 0.5
# The bit that says so of a word.
_NAME = 1
# Strength and sharpness of the evidence; found on labelled calls and notes, where small changes make little difference.
_WORD_STRENGTH = 0.012
_WORD_SHARPNESS = 16.0
_WORD_SMOOTHING = 0.05
_SENTENCE_STRENGTH = 10.0
_SENTENCE_SHARPNESS = 5.0
_FULL_SENTENCE = 15
# By how much a sentence's best category must beat small talk to count by half.
_SMALL_TALK_MARGIN = 1.0
# Each new word is compared with all words of the known texts, or with those that tell most: what they have beyond these, a
# trained model learns better.
_WORDS_COMPARED = 1_000
# A vector's length in steps: its square, and so each product, is less than 2^24, up to which whole numbers are exact in 32 bits.
_STEPS = 2048

SMALL_TALK = (
    "Hello, good morning, how are you today? I hope you are well",
    "My name is John Smith, and I'm one of your customers",
    "Here is my reference number, my customer number and my account number",
    "Let me spell my last name, it is written like this",
    "My phone number is the one I'm calling from, and here is my e-mail address",
    "My date of birth and my home address are the same as before",
    "Yes, that's right, no problem, I'll wait while you look it up",
    "Okay, sure, sounds good, please go ahead, that works for me",
    "Thank you very much for your help, have a nice day, goodbye",
    "Can you hear me? The line is bad, one moment please",
    "The weather is nice here, I'm drinking a coffee, and the children are making noise",
    "No, that was all, nothing else",
    "It was a nice and friendly conversation with the team",
    "We met and had a call, then I followed up with a mail and a document",
)


@dataclass(frozen=True)
class KnownText:
    """A text that the engine learns from: the number of its category, how to call it in a reason, and the text."""

    owner: int
    source: str
    text: str


@dataclass(frozen=True)
class Heard:
    """What one text says.

    Attributes:
        evidence: for each category, added up over the sentences.
        similarities: to each known text, those of small talk left out: that of the most similar sentence.
        tokens: how many were read.
        signs: how much its words speak for a language that the vectors carry (`coverage`).
        sentences: the words that were read, in their order.
        loudness: how loudly each of them is said.
        rows: where each of them stands in `table`.
        weights: how much of what stands there counts.
        table: what each word speaks for each category, from column DIMENSIONS on.
    """

    evidence: "Floats"
    similarities: "Floats"
    tokens: int
    signs: float
    sentences: Sequence[Sequence[str]]
    loudness: "Floats"
    rows: "Whole"
    weights: "Floats"
    table: "Floats"

    def telling_word(self, best: int, second: int) -> str:
        """The word that speaks for the best category against the second most; empty when none does."""
        spoken = self.table[self.rows, DIMENSIONS + best] - self.table[self.rows, DIMENSIONS + second]
        margins = spoken * self.weights * self.loudness
        place = int(margins.argmax())
        return next(islice(chain.from_iterable(self.sentences), place, None)) if margins[place] > 0 else ""


class Evidence:
    """Weighs texts for the categories of one prompt. Not safe to share between threads: it remembers words."""

    def __init__(self, known: Sequence[KnownText], categories: int) -> None:
        """`known` are the texts to learn from, of categories numbered from 0."""
        import numpy as np

        small_talk = [KnownText(categories, "small talk", text) for text in SMALL_TALK]
        with_words = [(text, words) for text in [*known, *small_talk] if (words := _telling_words(text.text))]
        self.known = [text for text, _ in with_words if text.owner < categories]
        self._columns = categories + 1  # the categories, and small talk last
        self._owners = np.array([text.owner for text, _ in with_words])
        self._indicator = np.zeros((len(self._owners), self._columns))
        self._indicator[np.arange(len(self._owners)), self._owners] = 1
        self._indicator /= np.maximum(self._indicator.sum(axis=0), 1)
        counts: dict[str, Floats] = {}
        for text, words in with_words:
            for word in words:
                counts.setdefault(word, np.zeros(self._columns, np.float32))[text.owner] += 1
        vectors, _ = embed(list(counts))
        place = {word: row for row, word in enumerate(counts)}
        prototypes = normalised(
            np.array([vectors[[place[word] for word in words]].sum(axis=0) for _, words in with_words])
        )
        # What all of them have in common, the field that the prompt is about, tells nothing.
        centre = prototypes.mean(axis=0)
        own = normalised(prototypes - centre).astype(np.float64)
        self._prototypes = _stepped(own)
        self._centre = centre.astype(np.float64)
        self._offsets = own @ self._centre
        table = np.array(list(counts.values()))
        # A category with a longer description must not get more evidence for that alone.
        masses = (table * np.linalg.norm(vectors, axis=1, keepdims=True)).sum(axis=0)
        told = np.linalg.norm(vectors, axis=1) * table.sum(axis=1)
        telling = np.sort(np.argsort(-told, kind="stable")[:_WORDS_COMPARED])
        self._counts = (table / np.maximum(masses, 1e-6) * 100).astype(np.float64)[telling]
        self._vocabulary = _stepped(normalised(vectors.astype(np.float64))[telling])
        self._words = RememberedWords(DIMENSIONS + self._columns + 2, self._rows_of)
        self._forget_spellings()

    def hear(self, texts: Sequence[str]) -> list[Heard | None]:
        """What each text says, in their order; None for one without words. Each depends on its own text only."""
        import numpy as np

        sentences = [list(weighted_sentences(text)) for text in texts]
        found = np.array(self._found([words for of_text in sentences for words, _ in of_text]), np.int64)
        if not len(found):
            return [None for _ in texts]
        table = self._words.table
        places, weights = found >> 1, np.where(found & _NAME, np.float32(_NAME_WEIGHT), np.float32(1))
        self._words.note_use(places)
        lengths = np.array([len(words) for of_text in sentences for words, _ in of_text])
        sums = summed(table, places, lengths, weights)
        tokens = np.add.reduceat(table[places, -2], np.cumsum(lengths) - lengths)
        similarities, evidence, gates = self._weigh(sums, lengths)
        shares = gates * np.array([weight for of_text in sentences for _, weight in of_text], np.float32)
        evidence *= shares[:, None]
        loudness = np.repeat(shares, lengths)
        heard: list[Heard | None] = []
        ends = [0, *np.cumsum(lengths).tolist()]
        begins = np.cumsum([0, *(len(of_text) for of_text in sentences)])[:-1]
        nearest = iter(np.maximum.reduceat(similarities, begins[[bool(of_text) for of_text in sentences]], axis=0))
        first = 0
        for of_text in sentences:
            last = first + len(of_text)
            if not of_text:
                heard.append(None)
                continue
            own = slice(first, last)
            own_words = slice(ends[first], ends[last])
            heard.append(
                Heard(
                    evidence=np.add.reduce(evidence[own]) / np.add.reduce(shares[own]),
                    similarities=next(nearest),
                    tokens=int(tokens[own].sum()),
                    signs=float(sums[own, -1].sum()),
                    sentences=[words for words, _ in of_text],
                    loudness=loudness[own_words],
                    rows=places[own_words],
                    weights=weights[own_words],
                    table=table,
                )
            )
            first = last
        if self._words.forget():
            self._forget_spellings()
        return heard

    def _weigh(self, sums: "Floats", lengths: "NDArray[Any]") -> "tuple[Floats, Floats, Floats]":
        """For each sentence: similarity to each known text, evidence for each category, weight (0 for small talk, to 1).

        Sums are made with twice the precision of what is kept, so that a row's outcome does not depend on the others.
        """
        import numpy as np

        vectors = normalised(sums[:, :DIMENSIONS].astype(np.float64))
        # The cosines of the sentence less the centre.
        rest = np.sqrt(np.maximum(1 - 2 * (vectors @ self._centre) + self._centre @ self._centre, 1e-6))
        similarities = (_stepped(vectors) @ self._prototypes.T / _STEPS**2 - self._offsets) / rest[:, None]
        near = np.exp(_SENTENCE_SHARPNESS * similarities) @ self._indicator
        evidence = np.log(np.maximum(near, 1e-3)) / _SENTENCE_SHARPNESS
        evidence *= (_SENTENCE_STRENGTH * np.sqrt(np.minimum(lengths / _FULL_SENTENCE, 1)))[:, None]
        evidence += sums[:, DIMENSIONS:-2]
        margins = evidence[:, :-1].max(axis=1) - evidence[:, -1]
        gates = 1 / (1 + np.exp(_SMALL_TALK_MARGIN - margins))
        similar = similarities[:, : len(self.known)]
        return similar.astype(np.float32), evidence[:, :-1].astype(np.float32), gates.astype(np.float32)

    def _found(self, sentences: Sequence[Sequence[str]]) -> list[int]:
        """For each word twice the row where it is remembered, and one more where it is taken for a name."""
        found: list[int] = []
        for words in sentences:
            found.append(self._opening[words[0]])
            found += map(self._inner.__getitem__, words[1:])
        self._words.learn()
        return found

    def _forget_spellings(self) -> None:
        # Words as they are written; at the beginning of a sentence a capital letter tells nothing.
        place = self._words.place
        self._opening = _Lookup(lambda word: 2 * place(word.lower()))
        self._inner = _Lookup(lambda word: 2 * place(word.lower()) + (_NAME if len(word) > 1 and word.istitle() else 0))

    def _rows_of(self, words: Sequence[str]) -> "Floats":
        """What is remembered of words: vector, evidence, number of tokens, sign of its language."""
        import numpy as np

        words = [word.replace("’", "'") for word in words]
        vectors, tokens = embed(words)
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        near = _stepped(vectors / np.maximum(lengths, 1e-6)) @ self._vocabulary.T
        near *= np.float32(_WORD_SHARPNESS / _STEPS**2)
        near -= np.float32(_WORD_SHARPNESS)
        evidence = np.log(_WORD_SMOOTHING + np.exp(near, out=near).astype(np.float64) @ self._counts)
        evidence -= evidence.mean(axis=1, keepdims=True)
        evidence *= np.minimum(lengths, 25.0) ** 1.2 * _WORD_STRENGTH
        # Names are in pieces in any language, and so these count less in them as well.
        signs = signs_of_words(words, vectors, tokens)[:, None]
        return np.hstack([vectors, evidence, tokens[:, None], signs]).astype(np.float32)


class _Lookup(dict[str, int]):
    """A dictionary that asks for what it lacks."""

    def __init__(self, ask: Callable[[str], int]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, word: str) -> int:
        row = self[word] = self._ask(word)
        return row


def _stepped(units: "NDArray[Any]") -> "Floats":
    """Vectors of length 1 as whole numbers: the product of two such is exact, whatever order it is added up in.

    So it is made in single precision, and no row's outcome depends on the rows beside it.
    """
    import numpy as np

    steps: Floats = np.rint(units * _STEPS).astype(np.float32)
    return steps


def _telling_words(text: str) -> list[str]:
    """The words that a known text teaches: all, or of a dialogue those that are read in one."""
    words = words_of(text)
    if is_dialogue(text):
        words = [word for sentence, _ in weighted_sentences(text) for word in sentence]
    return [word.lower().replace("’", "'") for word in words]
