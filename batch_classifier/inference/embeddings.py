"""The local engine: puts texts into categories with static word embeddings, from descriptions and examples alone.

Two kinds of evidence are added up, sentence by sentence, and early sentences count most:

- each word speaks for the categories in whose descriptions and examples words like it stand (a naive Bayes model whose counts
  are smoothed by the similarity of embeddings), and loudly if it is a telling word: function words have short vectors;
- each sentence, as the sum of its words, is compared with every example and description by cosine similarity.

In a dialogue only the customer's turns are read, and the agent's first answer, which repeats what the customer wants. The
weights come with the package wordllama (MIT licence): 32,000 tokens of 256 numbers, distilled from Llama 2's embeddings.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, dropwhile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MODEL_ID = "local/static-embeddings-1"
"""Name and version of the engine; raise the version whenever a change can alter a verdict."""

# How much of a text is read: what it is about is said early, and reading on costs time and adds chatter.
_CHARACTERS = 8_000
_SENTENCES = 8
_PLAIN_SENTENCES = 16
_WORDS = 60
# A sentence counts so much of the one before; plain texts, such as notes, may come to the point late.
_DECAY = 0.9
_PLAIN_DECAY = 0.96
_AGENT_WEIGHT = 0.2
_AGENT_SENTENCES = 2
# Names of people and places begin with a capital letter and tell little about what is wanted.
_NAME_WEIGHT = 0.5
# Strength of the evidence of words and of sentences, and the sharpness of each; found on labelled calls.
_WORD_STRENGTH = 0.022
_WORD_SHARPNESS = 16.0
_WORD_SMOOTHING = 0.05
_SENTENCE_STRENGTH = 20.0
_SENTENCE_SHARPNESS = 5.0
_FULL_SENTENCE = 10
_FALLBACK_HANDICAP = 0.2
_TEMPERATURE = 2.0
# Below this similarity to everything that is known, a text is not about any category.
_KNOWN = 0.12

_TEXTS_AT_ONCE = 32
_WORDS_KEPT = 30_000
_QUOTE = 80

_CUSTOMERS = frozenset("buyer caller client customer guest member passenger patient student tenant traveler traveller user visitor".split())
_AGENTS = frozenset(
    "advisor adviser agent assistant associate bot chatbot clerk concierge consultant employee helpdesk operator receptionist rep "
    "representative salesperson specialist staff support".split()
)
_COLON = re.compile(r":(?=\s)")
_ROLE = re.compile(r"(?:^|[\s\[(*])([^\W\d_]{3,14})(?:[ #]?\d{1,3})?[\])*]{0,2}\s?$")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|[\n\r\u2028]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


class CategoryLike(Protocol):
    """What the engine wants to know of a category."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def examples(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Verdict:
    """The category of one text.

    `confidence` is between 0 and 1: the softmax of the categories' evidence, at a temperature chosen so that of the verdicts
    with 0.8, about eight in ten are right. `tokens` is the number of tokens that were read to come to the verdict.
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
        self._sources: list[str] = []
        owners: list[int] = []
        counts: dict[str, Floats] = {}
        vectors: list[Floats] = []
        for owner, category in enumerate(categories):
            named = [(f"the description of {category.name}", f"{category.name}. {category.description}")]
            named += [(f"the example “{_shorten(example)}”", example) for example in category.examples]
            for source, text in named:
                words = [_plain(word) for word in _WORD.findall(text)]
                if not words:
                    continue
                self._sources.append(source)
                owners.append(owner)
                vectors.append(np.sum([_embed(word)[0] for word in words], axis=0))
                for word in words:
                    counts.setdefault(word, np.zeros(len(self.names), np.float32))[owner] += 1
        self._owners = np.array(owners)
        prototypes = _normalise(np.array(vectors))
        self._centre = prototypes.mean(axis=0)
        self._prototypes = _normalise(prototypes - self._centre)
        known = np.array([_embed(word)[0] for word in counts])
        lengths = np.linalg.norm(known, axis=1, keepdims=True)
        table = np.array(list(counts.values()))
        # A category with a longer description must not get more evidence for that alone.
        self._counts = table / np.maximum((table * lengths).sum(axis=0), 1e-6) * 100
        self._known = _normalise(known)
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
            for sentence, weight in _read(text):
                starts.append(len(rows))
                weights.append(weight)
                rows.append(self._opening[sentence[0]])
                rows += map(self._inner.__getitem__, sentence[1:])
                words += sentence
        if not rows:
            return [self._unknown() for _ in texts]
        table = self._rows.take(rows, axis=0)
        ends = [*starts[1:], len(rows)]
        sums = np.empty((len(starts), table.shape[1]), np.float32)
        # A loop, as numpy's reduceat takes several times as long for rows.
        for total, start, end in zip(sums, starts, ends, strict=True):
            np.add.reduce(table[start:end], axis=0, out=total)
        similarities, evidence = self._weigh(sums, np.array(ends) - starts)
        evidence *= np.array(weights, np.float32)[:, None]
        verdicts = []
        for first, end in zip(firsts, [*firsts[1:], len(starts)], strict=True):
            if first == end:
                verdicts.append(self._unknown())
                continue
            begin, stop = starts[first], starts[end] if end < len(starts) else len(rows)
            spoken = table[begin:stop, -1 - len(self.names) : -1]
            tokens = int(sums[first:end, -1].sum())
            verdicts.append(
                self._decide(evidence[first:end].sum(axis=0), similarities[first:end], words[begin:stop], spoken, tokens)
            )
        return verdicts

    def _weigh(self, sums: "Floats", lengths: "NDArray[Any]") -> "tuple[Floats, Floats]":
        """The sentences' similarities to each prototype, and their evidence for each category."""
        import numpy as np

        dimensions, prototypes = self._prototypes.shape[1], len(self._prototypes)
        vectors, projected = sums[:, :dimensions], sums[:, dimensions : dimensions + prototypes]
        length = np.sqrt(np.einsum("sd,sd->s", vectors, vectors))[:, None] + 1e-6
        # The cosine to a prototype after the centre is subtracted from the sentence, out of sums that are already there.
        offset = np.float32(self._centre @ self._centre)
        along = sums[:, dimensions + prototypes, None] / length
        rest = np.sqrt(np.maximum(1 - 2 * along + offset, 1e-6))
        similarities = (projected / length - self._prototypes @ self._centre) / rest
        soft = np.exp(_SENTENCE_SHARPNESS * similarities)
        evidence = np.empty((len(sums), len(self.names)), np.float32)
        for owner in range(len(self.names)):
            own = soft[:, self._owners == owner]
            evidence[:, owner] = np.log(own.mean(axis=1)) / _SENTENCE_SHARPNESS if own.shape[1] else -1.0
        evidence *= _SENTENCE_STRENGTH * np.sqrt(np.minimum(lengths / _FULL_SENTENCE, 1))[:, None].astype(np.float32)
        evidence += sums[:, -1 - len(self.names) : -1]
        return similarities, evidence

    def _decide(
        self, evidence: "Floats", similarities: "Floats", words: list[str], spoken: "Floats", tokens: int
    ) -> Verdict:
        import numpy as np

        nearest = similarities.max(axis=0)
        if nearest.max() < _KNOWN:
            return self._unknown(tokens)
        if self.fallback in self.names:
            evidence[self.names.index(self.fallback)] -= _FALLBACK_HANDICAP
        shares = np.exp((evidence - evidence.max()) / _TEMPERATURE)
        shares /= shares.sum()
        second, best = np.argsort(shares, kind="stable")[-2:]
        own = np.where(self._owners == best, nearest, -1)
        closest = int(own.argmax())
        other = float(np.where(self._owners == second, nearest, -1).max())
        margin = spoken[:, best] - spoken[:, second]
        word = words[int(margin.argmax())].lower()
        telling = f"; the word “{word}” speaks for it most" if margin.max() > 0 else ""
        reason = (
            f"Nearest to {self._sources[closest]} (similarity {own[closest]:.2f}){telling}; "
            f"next is {self.names[second]} ({other:.2f})."
        )
        return Verdict(self.names[best], reason, round(float(shares[best]), 4), tokens)

    def _unknown(self, tokens: int = 0) -> Verdict:
        what = "It is like no example or description" if tokens else "It has no words to go by"
        return Verdict(self.fallback, f"{what}, so {self.fallback} is the fallback.", round(1 / len(self.names), 4), tokens)

    def _forget(self) -> None:
        import numpy as np

        # The rows of words that open a sentence, where a capital letter means nothing, and of all others.
        self._opening = _Lookup(lambda word: self._add(_plain(word), 1.0))
        self._inner = _Lookup(lambda word: self._add(_plain(word), _NAME_WEIGHT if word.istitle() and len(word) > 1 else 1.0))
        self._rows = np.zeros((1024, 0), np.float32)
        self._used = 0

    def _add(self, word: str, weight: float) -> int:
        """Put a word into the table: its vector, its dot products with prototypes and centre, its evidence, its tokens."""
        import numpy as np

        vector, tokens = _embed(word)
        length = float(np.linalg.norm(vector))
        near = np.exp(_WORD_SHARPNESS * (self._known @ (vector / max(length, 1e-6)) - 1))
        evidence = np.log(_WORD_SMOOTHING + near @ self._counts)
        evidence = (evidence - evidence.mean()) * min(length, 25.0) ** 1.2 * _WORD_STRENGTH
        told = np.concatenate([vector, self._prototypes @ vector, [self._centre @ vector], evidence]) * weight
        values = np.append(told, tokens)
        if self._used == 0 or self._used == len(self._rows):
            larger = np.zeros((max(1024, 2 * self._used), len(values)), np.float32)
            larger[: self._used, : self._rows.shape[1]] = self._rows[: self._used]
            self._rows = larger
        self._rows[self._used] = values
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


def _read(text: str) -> Iterator[tuple[list[str], float]]:
    """The sentences that tell what a text is about, as words, each with its weight."""
    text = text[:_CHARACTERS]
    turns = dropwhile(lambda turn: not turn[0], _turns(text))
    opening = next(turns, None)
    is_dialogue = opening is not None
    limit, decay = (_SENTENCES, _DECAY) if is_dialogue else (_PLAIN_SENTENCES, _PLAIN_DECAY)
    read, has_answer, weight = 0, False, 1.0
    for is_customer, turn in chain([opening or (True, text)], turns):
        if not is_customer and (has_answer or not read):
            continue
        answered = 0
        for sentence in _SENTENCE_END.split(turn):
            words = _WORD.findall(sentence)[:_WORDS]
            if len(words) < 2:
                continue
            if not is_customer:
                yield words, _AGENT_WEIGHT * weight / decay
                has_answer, answered = True, answered + 1
                if answered == _AGENT_SENTENCES:
                    break
                continue
            yield words, weight
            read, weight = read + 1, weight * decay
            if read == limit:
                return


def _turns(text: str) -> Iterator[tuple[bool, str]]:
    """The turns of a dialogue, each with whether the customer speaks; nothing when there are no speakers' names."""
    is_customer: bool | None = None
    begin = 0
    for colon in _COLON.finditer(text):
        before = text[max(0, colon.start() - 24) : colon.start()]
        role = _ROLE.search(before)
        if role is None:
            continue
        speaker = role[1].lower()
        if speaker not in _CUSTOMERS and speaker not in _AGENTS:
            continue
        if is_customer is not None:
            yield is_customer, text[begin : colon.start() - len(before) + role.start()]
        is_customer, begin = speaker in _CUSTOMERS, colon.end()
    if is_customer is not None:
        yield is_customer, text[begin:]


def _plain(word: str) -> str:
    return word.lower().replace("’", "'")


def _shorten(text: str) -> str:
    text = " ".join(text.replace("<", "‹").replace(">", "›").split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"


def _normalise(vectors: "Floats") -> "Floats":
    import numpy as np

    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _embed(word: str) -> "tuple[Floats, int]":
    """A word's vector (the sum of its tokens' vectors) and the number of its tokens."""
    tokenizer, weights = _model()
    tokens = tokenizer.encode(word, add_special_tokens=False).ids
    return weights[tokens].sum(axis=0, dtype="float32"), len(tokens)


@lru_cache(maxsize=1)
def _model() -> "tuple[Any, NDArray[np.float16]]":
    """Tokenizer and weights out of wordllama's files, without importing the package, which takes far longer than reading them."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("wordllama is not installed; the local engine needs the weights that it ships.")
    package = Path(spec.submodule_search_locations[0])
    tokenizer = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    return tokenizer, load_file(package / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
