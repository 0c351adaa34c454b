"""Texts in groups that are about the same thing, each with the words that tell it from other texts."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_classifier.language.dialogue import weighted_sentences
from batch_classifier.language.without_pandas import without_pandas
from batch_classifier.language.word_table import embed
from batch_classifier.language.word_vectors import DIMENSIONS, normalised, one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FEWEST_TEXTS = 5
"""Fewer texts are no group."""
MOST_GROUPS = 12
"""More are made only where a person asks for them."""
MOST_TEXTS = 3_000
"""So many distinct texts are looked at: they and their vectors are in memory."""
READ_CHARACTERS = 8_000
"""So much of each: what a text is about shows early."""
_TYPICAL_TEXTS = 5
_TELLING_WORDS = 5
# A word counts by how rare it is: at one in a thousand by half (https://openreview.net/forum?id=SyK00v5xx).
_COMMON = 1e-3
# How far its texts may be from the middle of a group, as a cosine: below it they have next to nothing in common.
_COHESION = 0.3
# Few groups are easier to look through: fewer are taken when they are nearly as far apart as more would be.
_NEARLY = 0.85
# Words with short vectors, such as "which" and "put", tell nothing by themselves.
_SHORT_VECTOR = 10.0
_SEED = 0


@dataclass(frozen=True)
class Group:
    """Texts that are about the same thing.

    Attributes:
        words: those that tell it from all other texts most, best first.
        size: how many texts it has.
        typical: of these the ones in its middle, most typical first.
    """

    words: tuple[str, ...]
    size: int
    typical: tuple[str, ...]


def find_groups(texts: Sequence[str], others: Sequence[str] = (), number: int | None = None) -> list[Group]:
    """The groups among the texts, largest first; texts that are like no others are in none. Deterministic.

    Args:
        texts: distinct texts, some thousands at most.
        others: texts of the same kind that are about something else; what is common with them tells nothing.
        number: how many groups the texts are put into; fewer come back where some are too small or about nothing in particular.
            None chooses a number at which groups are far apart.
    """
    import numpy as np

    if len(texts) < FEWEST_TEXTS:
        return []
    words_of = [_words(text) for text in texts]
    words_of_others = [_words(text) for text in others]
    with one_thread():
        vectors = _vectors(words_of, words_of_others)
        labels = _labels(vectors, number)
        groups = []
        for label in sorted(set(labels.tolist())):
            places = np.flatnonzero(labels == label)
            closeness = vectors[places] @ normalised(vectors[places].mean(axis=0))
            order = np.argsort(-closeness, kind="stable")
            kept = [int(places[place]) for place in order if closeness[place] >= _COHESION]
            if len(kept) < FEWEST_TEXTS:
                continue
            inside = set(kept)
            rest = [words for place, words in enumerate(words_of) if place not in inside]
            telling = _telling_words([words_of[place] for place in kept], [*rest, *words_of_others])
            groups.append(Group(telling, len(kept), tuple(texts[place] for place in kept[:_TYPICAL_TEXTS])))
    return sorted(groups, key=lambda group: -group.size)


def _words(text: str) -> list[str]:
    """The words of the sentences that tell what the text is about."""
    return [word.lower() for words, _ in weighted_sentences(text) for word in words]


def _vectors(words_of: Sequence[Sequence[str]], words_of_others: Sequence[Sequence[str]]) -> "Floats":
    """Each text as the sum of its words, the common ones counting little, less what all of them have in common."""
    import numpy as np

    counts = Counter(word for words in [*words_of, *words_of_others] for word in words)
    total = max(counts.total(), 1)
    places = {word: place for place, word in enumerate(counts)}
    table, _ = embed(list(counts))
    table *= np.array([_COMMON / (_COMMON + count / total) for count in counts.values()], np.float32)[:, None]
    sums = np.zeros((len(words_of), DIMENSIONS), np.float32)
    for vector, words in zip(sums, words_of, strict=True):
        if words:
            np.add.reduce(table[[places[word] for word in words]], axis=0, out=vector)
    vectors = normalised(sums)
    return normalised(vectors - vectors.mean(axis=0))


def _labels(vectors: "Floats", number: int | None) -> "NDArray[np.int64]":
    """The number of each text's group, of `number` groups, or of as many as are most apart."""
    import numpy as np

    with without_pandas():
        from sklearn.metrics import silhouette_score

    found: list[tuple[float, NDArray[np.int64]]] = []
    distinct = len(np.unique(vectors, axis=0))
    if number is not None:
        return _clusters(vectors, min(number, distinct))
    for groups in range(2, min(MOST_GROUPS, distinct - 1, len(vectors) // FEWEST_TEXTS) + 1):
        labels = _clusters(vectors, groups)
        score = float(silhouette_score(vectors, labels, sample_size=min(len(vectors), 2_000), random_state=_SEED))
        found.append((score, labels))
    if not found:
        return np.zeros(len(vectors), np.int64)
    best = max(score for score, _ in found)
    return next(labels for score, labels in found if score >= best - (1 - _NEARLY) * abs(best))


def _clusters(vectors: "Floats", groups: int) -> "NDArray[np.int64]":
    import numpy as np

    with without_pandas():
        from sklearn.cluster import KMeans

    return np.asarray(KMeans(groups, n_init=4, random_state=_SEED).fit_predict(vectors), np.int64)


def _telling_words(inside: Sequence[Sequence[str]], outside: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The words that most more of the texts inside have than of those outside, by the likelihood ratio."""
    import numpy as np

    here = Counter(word for words in inside for word in set(words))
    there = Counter(word for words in outside for word in set(words))
    scores = {}
    for word, count in here.items():
        share, other = count / len(inside), there[word] / max(len(outside), 1)
        if share > other and count >= max(2, len(inside) // 20):
            scores[word] = _likelihood_ratio(count, len(inside), there[word], len(outside))
    best = sorted(scores, key=lambda word: (-scores[word], word))
    lengths = np.linalg.norm(embed(best)[0], axis=1)
    telling = [word for word, length in zip(best, lengths, strict=True) if length >= _SHORT_VECTOR]
    return tuple((telling or best)[:_TELLING_WORDS])


def _likelihood_ratio(count: int, size: int, other_count: int, other_size: int) -> float:
    """Dunning's G² of a word's counts in two sets of texts (https://aclanthology.org/J93-1003/)."""
    expected_share = (count + other_count) / (size + other_size)
    observed = ((count, size), (other_count, other_size))
    total = 0.0
    for seen, texts in observed:
        for number, share in ((seen, expected_share), (texts - seen, 1 - expected_share)):
            if number > 0 and texts * share > 0:
                total += number * math.log(number / (texts * share))
    return 2 * total
