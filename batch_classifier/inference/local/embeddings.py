"""The local engine: puts texts into categories with static word embeddings, from descriptions and examples alone.

Two kinds of evidence are added up, sentence by sentence, and early sentences count most:

- each word speaks for the categories in whose descriptions and examples words like it stand (naive Bayes, its counts
  smoothed by the similarity of embeddings), and loudly if it is a telling word: function words have short vectors;
- each sentence, as the sum of its words, is compared with every example and description by cosine similarity.

Small talk is a category of its own that no text can get: the more a sentence is like it, the less it counts. In a
dialogue only the customer's turns are read, and the agent's first answer, which repeats what the customer wants. The
weights come with the package wordllama (MIT licence): 32,000 tokens of 256 numbers, distilled from Llama 2's.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from batch_classifier.inference.local.dialogue import WORD, weighted_sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MODEL_ID = "local/static-embeddings-2"
"""Name and version of the engine; raise the version whenever a change can alter a verdict."""

# Names of people and places begin with a capital letter and tell little about what is wanted.
_NAME_WEIGHT = 0.5
# Strength and sharpness of the evidence; found on labelled calls and notes, where small changes make little difference.
_WORD_STRENGTH = 0.012
_WORD_SHARPNESS = 16.0
_WORD_SMOOTHING = 0.05
_SENTENCE_STRENGTH = 10.0
_SENTENCE_SHARPNESS = 5.0
_FULL_SENTENCE = 15
_FALLBACK_HANDICAP = 0.1
# By how much a sentence's best category must beat small talk to count by half.
_SMALL_TALK_MARGIN = 1.0
_TEMPERATURE = 0.2
# Below this similarity to everything that is known, a text is not about any category.
_KNOWN = 0.2

_TEXTS_AT_ONCE = 32
_WORDS_KEPT = 30_000
_QUOTE = 80

_SMALL_TALK = (
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


class CategoryLike(Protocol):
    """What the engine wants to know of a category."""

    @property
    def name(self) -> str:
        """The class."""

    @property
    def description(self) -> str:
        """What belongs to it."""

    @property
    def examples(self) -> Sequence[str]:
        """Typical texts."""


@dataclass(frozen=True)
class Verdict:
    """The category of one text.

    `confidence` is between 0 and 1: the softmax of the categories' evidence, at a temperature at which, on labelled
    texts, about as many verdicts were right as their confidence says. `tokens` is how many tokens were read.
    """

    category: str
    reason: str
    confidence: float
    tokens: int


class EmbeddingClassifier:
    """Classifies texts into the categories of one prompt. Deterministic, and safe to share between threads."""

    def __init__(self, categories: Sequence[CategoryLike], fallback: str) -> None:
        import numpy as np

        self.names = [category.name for category in categories]
        self.fallback = fallback
        self._lock = threading.Lock()
        self._columns = len(self.names) + 1  # the categories, and small talk last
        known = [
            (owner, source, words) for owner, source, text in _known_texts(categories) if (words := _plain_words(text))
        ]
        self._owners = np.array([owner for owner, _, _ in known])
        self._owned = [np.flatnonzero(self._owners == owner) for owner in range(len(self.names))]
        self._sources = [source for _, source, _ in known]
        prototypes = _normalise(
            np.array([np.sum([_embed(word)[0] for word in words], axis=0) for _, _, words in known])
        )
        # What all of them have in common, the field that the prompt is about, tells nothing.
        self._centre = prototypes.mean(axis=0)
        self._prototypes = _normalise(prototypes - self._centre)
        self._offsets = self._prototypes @ self._centre
        counts: dict[str, Floats] = {}
        for owner, _, words in known:
            for word in words:
                counts.setdefault(word, np.zeros(self._columns, np.float32))[owner] += 1
        vectors = np.array([_embed(word)[0] for word in counts])
        table = np.array(list(counts.values()))
        # A category with a longer description must not get more evidence for that alone.
        masses = (table * np.linalg.norm(vectors, axis=1, keepdims=True)).sum(axis=0)
        self._counts = table / np.maximum(masses, 1e-6) * 100
        self._vocabulary = _normalise(vectors)
        self._forget()

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict for each text, in their order; each depends on its own text only."""
        verdicts: list[Verdict] = []
        with self._lock:
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                verdicts += self._classify_some(texts[start : start + _TEXTS_AT_ONCE])
                if self._used > _WORDS_KEPT:
                    self._forget()
        return verdicts

    def _classify_some(self, texts: Sequence[str]) -> list[Verdict]:
        import numpy as np

        rows: list[int] = []  # one for each word
        words: list[str] = []
        starts: list[int] = []  # one for each sentence: its first word, its weight
        weights: list[float] = []
        firsts: list[int] = []  # one for each text: its first sentence
        for text in texts:
            firsts.append(len(starts))
            for sentence, weight in weighted_sentences(text):
                starts.append(len(rows))
                weights.append(weight)
                rows.append(self._opening[sentence[0]])
                rows += map(self._inner.__getitem__, sentence[1:])
                words += sentence
        if not rows:
            return [self._unknown(0) for _ in texts]
        table = self._rows.take(rows, axis=0)
        ends = [*starts[1:], len(rows)]
        sums = np.empty((len(starts), table.shape[1]), np.float32)
        # A loop, as numpy's reduceat takes several times as long for rows.
        for total, start, end in zip(sums, starts, ends, strict=True):
            np.add.reduce(table[start:end], axis=0, out=total)
        lengths = np.subtract(ends, starts)
        similarities, evidence, gates = self._weigh(sums, lengths)
        shares = gates * np.array(weights, np.float32)
        evidence *= shares[:, None]
        spoken = table[:, -1 - self._columns : -2]
        loudness = np.repeat(shares, lengths)
        verdicts = []
        for first, last in zip(firsts, [*firsts[1:], len(starts)], strict=True):
            if first == last:
                verdicts.append(self._unknown(0))
                continue
            own = slice(starts[first], ends[last - 1])
            tokens = int(sums[first:last, -1].sum())
            nearest = np.maximum.reduce(similarities[first:last])
            mean = np.add.reduce(evidence[first:last]) / np.add.reduce(shares[first:last])
            best, second, confidence = _softmax(mean)
            if nearest[: -len(_SMALL_TALK)].max(initial=0) < _KNOWN:
                verdicts.append(self._unknown(tokens))
                continue
            # How far each word speaks for the best category against the second.
            margins = (spoken[own, best] - spoken[own, second]) * loudness[own]
            place = int(margins.argmax())
            word = words[starts[first] + place] if margins[place] > 0 else ""
            verdicts.append(Verdict(self.names[best], self._reason(best, second, nearest, word), confidence, tokens))
        return verdicts

    def _weigh(self, sums: "Floats", lengths: "NDArray[Any]") -> "tuple[Floats, Floats, Floats]":
        """For each sentence: similarity to each prototype, evidence for each category, weight (0 for small talk, to 1).

        Only operations whose outcome for a row does not depend on the other rows, so no matrix product and no mean.
        """
        import numpy as np

        dimensions, prototypes = self._prototypes.shape[1], len(self._prototypes)
        vectors, projected = sums[:, :dimensions], sums[:, dimensions : dimensions + prototypes]
        length = np.sqrt(np.einsum("sd,sd->s", vectors, vectors))[:, None] + np.float32(1e-6)
        # The cosines of the sentence less the centre, out of dot products that are there already.
        along = sums[:, dimensions + prototypes, None] / length
        rest = np.sqrt(np.maximum(1 - 2 * along + self._centre @ self._centre, np.float32(1e-6)))
        similarities = (projected / length - self._offsets) / rest
        soft = np.exp(np.float32(_SENTENCE_SHARPNESS) * similarities)
        totals = np.zeros((len(sums), self._columns), np.float32)
        for column, owner in enumerate(self._owners):
            totals[:, owner] += soft[:, column]
        sizes = np.maximum(np.bincount(self._owners, minlength=self._columns), 1).astype(np.float32)
        evidence = np.log(np.maximum(totals / sizes, np.float32(1e-3))) / np.float32(_SENTENCE_SHARPNESS)
        evidence *= (_SENTENCE_STRENGTH * np.sqrt(np.minimum(lengths / _FULL_SENTENCE, 1))).astype(np.float32)[:, None]
        evidence += sums[:, -1 - self._columns : -1]
        if self.fallback in self.names:
            evidence[:, self.names.index(self.fallback)] -= np.float32(_FALLBACK_HANDICAP)
        margins = evidence[:, :-1].max(axis=1) - evidence[:, -1]
        gates = 1 / (1 + np.exp(np.float32(_SMALL_TALK_MARGIN) - margins))
        return similarities, evidence[:, :-1], gates

    def _reason(self, best: int, second: int, nearest: "Floats", word: str) -> str:
        own, other = self._owned[best], self._owned[second]
        closest = own[int(nearest[own].argmax())]
        is_nearest = nearest[closest] >= nearest[: -len(_SMALL_TALK)].max()
        lead = "Nearest to" if is_nearest else "By its words and sentences taken together, with some likeness to"
        telling = f"; the word “{word.lower()}” speaks for it most" if word else ""
        return (
            f"{lead} {self._sources[closest]} (similarity {nearest[closest]:.2f}){telling}; "
            f"next is {self.names[second]} ({nearest[other].max(initial=0):.2f})."
        )

    def _unknown(self, tokens: int) -> Verdict:
        what = "It is like no example or description" if tokens else "It has no words to go by"
        return Verdict(
            self.fallback, f"{what}, so {self.fallback} is the fallback.", round(1 / len(self.names), 4), tokens
        )

    def _forget(self) -> None:
        """Start the table of words anew."""
        import numpy as np

        # Row numbers of words that open a sentence, where a capital letter tells nothing, and of the others.
        self._opening = _Lookup(lambda word: self._add(word.lower(), 1.0))
        self._inner = _Lookup(
            lambda word: self._add(word.lower(), _NAME_WEIGHT if word.istitle() and len(word) > 1 else 1.0)
        )
        self._rows = np.zeros(
            (0, self._prototypes.shape[1] + len(self._prototypes) + 1 + self._columns + 1), np.float32
        )
        self._used = 0

    def _add(self, word: str, weight: float) -> int:
        """Put a word into the table: vector, dot products with prototypes and centre, evidence, number of tokens."""
        import numpy as np

        vector, tokens = _embed(word.replace("’", "'"))
        length = float(np.linalg.norm(vector))
        near = np.exp(_WORD_SHARPNESS * (self._vocabulary @ (vector / max(length, 1e-6)) - 1))
        evidence = np.log(_WORD_SMOOTHING + near @ self._counts)
        evidence = (evidence - evidence.mean()) * min(length, 25.0) ** 1.2 * _WORD_STRENGTH
        told = np.concatenate([vector, self._prototypes @ vector, [self._centre @ vector], evidence]) * weight
        if self._used == len(self._rows):
            self._rows = np.concatenate(
                [self._rows, np.zeros((max(1024, self._used), self._rows.shape[1]), np.float32)]
            )
        self._rows[self._used] = np.append(told, tokens)
        self._used += 1
        return self._used - 1


class _Lookup(dict[str, int]):
    """A dictionary that asks for what it lacks."""

    def __init__(self, ask: Callable[[str], int]) -> None:
        super().__init__()
        self.ask = ask

    def __missing__(self, word: str) -> int:
        row = self[word] = self.ask(word)
        return row


def _known_texts(categories: Sequence[CategoryLike]) -> Iterator[tuple[int, str, str]]:
    """What the engine learns from: the category's number, how to call the text in a reason, and the text."""
    for owner, category in enumerate(categories):
        yield owner, f"the description of {category.name}", f"{category.name}. {category.description}"
        for example in category.examples:
            yield owner, f"the example “{_shorten(example)}”", example
    yield from ((len(categories), "small talk", text) for text in _SMALL_TALK)


def _plain_words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


def _shorten(text: str) -> str:
    text = " ".join(text.replace("<", "‹").replace(">", "›").split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"


def _softmax(evidence: "Floats") -> tuple[int, int, float]:
    """The best category, the second, and the share of the best."""
    import numpy as np

    shares = np.exp((evidence - evidence.max()) / np.float32(_TEMPERATURE))
    second, best = np.argsort(shares, kind="stable")[-2:].tolist()
    return best, second, round(float(shares[best] / np.add.reduce(shares)), 4)


def _normalise(vectors: "Floats") -> "Floats":
    import numpy as np

    normalised: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return normalised


def _embed(word: str) -> "tuple[Floats, int]":
    """A word's vector (the sum of its tokens' vectors) and the number of its tokens."""
    tokenizer, weights = _model()
    tokens = tokenizer.encode(word, add_special_tokens=False).ids
    return weights[tokens].sum(axis=0, dtype="float32"), len(tokens)


@lru_cache(maxsize=1)
def _model() -> "tuple[Any, NDArray[np.float16]]":
    """Tokenizer and weights from wordllama's files; importing the package would take longer than reading them."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("wordllama is not installed; the local engine needs the weights that it ships.")
    package = Path(spec.submodule_search_locations[0])
    tokenizer = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    return tokenizer, load_file(package / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
