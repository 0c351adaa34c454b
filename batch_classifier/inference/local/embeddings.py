"""The local engine: puts texts into categories on this machine, from a prompt's descriptions and examples.

What words and sentences speak for (`evidence`) and, where there are examples, a trained model (`trained_head`) are taken together
as the prompt's own examples teach (`combination`).
"""

import dataclasses
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from batch_classifier.inference.local.combination import learn
from batch_classifier.inference.local.evidence import Evidence, Heard, KnownText
from batch_classifier.inference.local.long_texts import (
    ALMOST_AS_GOOD,
    LONG_CHARACTERS,
    NOT_READ_TO_THE_END,
    READ_CHARACTERS,
    SENTENCES_THAT_SPEAK,
    long_sentences,
)
from batch_classifier.inference.local.strangers import Border, Strictness
from batch_classifier.language.character_grams import CharacterGrams
from batch_classifier.language.dialogue import is_dialogue
from batch_classifier.language.trained_head import TrainedHead
from batch_classifier.language.word_vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from batch_classifier.inference.local.taught import Taught

    Floats = NDArray[np.float32]

MODEL_ID = "local/static-embeddings-8"
"""Name and version of the engine; raise the version whenever a change can alter a verdict."""

NOT_COVERED = (
    "the local engine's words do not cover this text's language; give examples in that language, or use Bedrock"
)
"""The note of a text that the engine can only guess at."""
_FALLBACK_HANDICAP = 0.1
# No engine is always right: of the confidences nearer to 1 than its examples can show, the rest is taken.
_SUREST = 0.995
_TEXTS_AT_ONCE = 32
_QUOTE = 80


def engine_id(strictness: Strictness) -> str:
    """The engine's name and version, and how strict it is where that is not as usual."""
    return MODEL_ID if strictness == "normal" else f"{MODEL_ID}-{strictness}"


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

    `confidence` is between 0 and 1: the share of the category in the evidence, at the temperature at which, on the prompt's
    examples, as many verdicts were right as their confidence says. `tokens` is how many tokens were read, `note` what has to be said
    of the text.
    """

    category: str
    reason: str
    confidence: float
    tokens: int
    note: str | None = None


@dataclass(frozen=True)
class Opinion:
    """What is thought of a text, or of a sentence of a long one.

    Attributes:
        heard: None where it has no words.
        is_dialogue: whether it is a dialogue.
        evidence: for each category.
        similarity: to the most similar known text.
        shares: of the categories.
        score: how much it belongs to the prompt.
        border: where the texts that belong end.
        understood: how probable it is that its language is one that the engine knows, 0 to 1.
    """

    heard: Heard | None
    is_dialogue: bool
    evidence: "Floats"
    similarity: float
    shares: "NDArray[np.float64]"
    score: float
    border: Border
    understood: float

    @property
    def is_stranger(self) -> bool:
        """Whether it is about none of the categories."""
        return self.heard is None or self.similarity <= 0 or self.score < self.border.least


class EmbeddingClassifier:
    """Classifies texts into the categories of one prompt. Deterministic, and safe to share between threads."""

    def __init__(
        self,
        categories: Sequence[CategoryLike],
        fallback: str,
        strictness: Strictness = "normal",
        taught: "Taught | None" = None,
    ) -> None:
        """`taught` is the prompt's own model, where one is trained and has a say."""
        self.taught = taught
        self.names = [category.name for category in categories]
        self.fallback = fallback
        self._lock = threading.Lock()
        known = list(_known_texts(categories))
        with one_thread():
            self._evidence = Evidence(known, len(self.names))
            self.learned = learn(known, self._evidence, len(self.names), strictness)
            self._head: TrainedHead | None = None
            self._runs: CharacterGrams | None = None
            if self.learned.understanding.familiarity is not None:
                self._runs, _ = CharacterGrams.of_texts([text.text for text in known])
            if self.learned.has_head:
                self._head = TrainedHead([text.text for text in known], [text.owner for text in known], len(self.names))

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict for each text, in their order; each depends on its own text only."""
        verdicts: list[Verdict] = []
        with self._lock, one_thread():
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                some = texts[start : start + _TEXTS_AT_ONCE]
                read = [self._what_speaks(text) for text in some]
                opinions = self._with_model(some, self._opinions([telling for telling, _ in read]))
                verdicts += [
                    self._verdict(text, opinion, places)
                    for text, opinion, (_, places) in zip(some, opinions, read, strict=True)
                ]
        return verdicts

    def opinions(self, texts: Sequence[str]) -> list[Opinion]:
        """What is thought of each text without the prompt's own model."""
        found: list[Opinion] = []
        with self._lock, one_thread():
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                found += self._opinions([self._what_speaks(text)[0] for text in texts[start : start + _TEXTS_AT_ONCE]])
        return found

    def _with_model(self, texts: Sequence[str], opinions: list[Opinion]) -> list[Opinion]:
        """The opinions, changed by what the prompt's own model says of the texts."""
        import numpy as np

        if self.taught is None:
            return opinions
        for is_spoken in (False, True):
            judge = self.taught.judge_of(is_spoken)
            places = [
                place
                for place, opinion in enumerate(opinions)
                if opinion.heard is not None and opinion.is_dialogue == is_spoken
            ]
            if judge is None or not places:
                continue
            shares, signs = judge.judged(
                np.array([opinions[place].evidence for place in places]),
                self.taught.log_shares([texts[place] for place in places]),
                np.array([opinions[place].similarity for place in places]),
            )
            scores = judge.border.scores(signs) if judge.border else None
            for row, place in enumerate(places):
                opinion = dataclasses.replace(opinions[place], shares=shares[row])
                if scores is not None and judge.border is not None:
                    opinion = dataclasses.replace(opinion, score=float(scores[row]), border=judge.border)
                opinions[place] = opinion
        return opinions

    def _what_speaks(self, text: str) -> tuple[str, list[int]]:
        """What of a text is judged: all, or of a long one the sentences that belong most to the prompt, with their places.

        A dialogue is read from its beginning, however long it is: there what it is about is said early.
        """
        if len(text) <= LONG_CHARACTERS:
            return text, []
        if is_dialogue(text[:READ_CHARACTERS]):
            return text[:READ_CHARACTERS], []
        best: list[tuple[float, int, str]] = []
        sentences = long_sentences(text)
        while some := list(islice(sentences, _TEXTS_AT_ONCE)):
            opinions = self._opinions([sentence for _, sentence in some])
            # Of equally good ones the first: places are negative, for the greatest are taken.
            belongs = [one.border.belonging(float(one.shares.max()), one.similarity) for one in opinions]
            best += [(much, -place, said) for much, (place, said) in zip(belongs, some, strict=True)]
            best = nlargest(SENTENCES_THAT_SPEAK, best)
        least = best[0][0] * ALMOST_AS_GOOD if best else 0.0
        spoken = sorted((-place, said) for score, place, said in best if score >= least)
        return " ".join(said for _, said in spoken), [place + 1 for place, _ in spoken]

    def _opinions(self, texts: Sequence[str]) -> list[Opinion]:
        import numpy as np

        all_heard = self._evidence.hear(texts)
        dialogues = np.array(
            [heard is not None and is_dialogue(text) for text, heard in zip(texts, all_heard, strict=True)]
        )
        nothing = np.zeros(len(self.names), np.float32)
        evidence = np.array([nothing if heard is None else heard.evidence for heard in all_heard])
        if self.fallback in self.names:
            evidence[:, self.names.index(self.fallback)] -= np.float32(_FALLBACK_HANDICAP)
        similarities = np.array([0.0 if heard is None else heard.similarities.max(initial=0) for heard in all_heard])
        familiarity: dict[int, float] = {}
        shares, scores = np.zeros((len(texts), len(self.names))), np.zeros(len(texts))
        borders = [judge.border or self.learned.others for judge in (self.learned.plain, self.learned.spoken)]
        for is_spoken, judge in enumerate((self.learned.plain, self.learned.spoken)):
            places = np.flatnonzero(dialogues == is_spoken)
            head = None
            if self._head is not None and judge.head_weight > 0 and len(places):
                head, known = self._head.judged([texts[int(place)] for place in places])
                if self._head.features.has_characters:
                    familiarity.update(zip(places.tolist(), known.tolist(), strict=True))
            shares[places], signs = judge.judged(evidence[places], head, similarities[places])
            scores[places] = borders[is_spoken].scores(signs)
        # What the head has told is not asked again.
        familiarity = self._familiarity(texts, all_heard, but=familiarity.keys()) | familiarity
        opinions = []
        for place, heard in enumerate(all_heard):
            of_language = 0.0 if heard is None else heard.signs
            opinions.append(
                Opinion(
                    heard,
                    bool(dialogues[place]),
                    evidence[place],
                    float(similarities[place]),
                    shares[place],
                    float(scores[place]),
                    borders[int(dialogues[place])],
                    self.learned.understanding.probability(of_language, familiarity.get(place)),
                )
            )
        return opinions

    def _familiarity(
        self, texts: Sequence[str], all_heard: Sequence[Heard | None], but: Collection[int]
    ) -> dict[int, float]:
        """How familiar the runs of characters are of those texts of which that has to be known, by their places."""
        if self._runs is None:
            return {}
        needs = self.learned.understanding.needs_familiarity
        places = [
            place
            for place, heard in enumerate(all_heard)
            if place not in but and heard is not None and needs(heard.signs)
        ]
        return dict(zip(places, self._runs.familiarity([texts[place] for place in places]).tolist(), strict=True))

    def _verdict(self, text: str, opinion: Opinion, places: Sequence[int]) -> Verdict:
        import numpy as np

        heard, chance = opinion.heard, 1 / len(self.names)
        if heard is None:
            reason, category, share = (
                f"It has no words to go by, so {self.fallback} is the fallback.",
                self.fallback,
                0.0,
            )
        elif opinion.is_stranger:
            reason = f"It is like no example or description, so {self.fallback} is the fallback."
            category, share = self.fallback, opinion.border.doubt_of_belonging(opinion.score)
        else:
            second, best = np.argsort(opinion.shares, kind="stable")[-2:].tolist()
            reason, category = self._reason(best, second, heard), self.names[best]
            share = float(opinion.shares[best]) * _SUREST
        if places:
            where = ", ".join(f"{place:,}" for place in places)
            reason = f"{reason} Of its {len(text):,} characters the sentences at {where} speak for it."
        # What is said in a language that the engine does not know is a guess.
        confidence = max(opinion.understood * share + (1 - opinion.understood) * chance, chance)
        return Verdict(category, reason, round(confidence, 4), heard.tokens if heard else 0, _note(text, opinion))

    def _reason(self, best: int, second: int, heard: Heard) -> str:
        known, similar = self._evidence.known, heard.similarities
        own = [place for place, text in enumerate(known) if text.owner == best]
        other = [place for place, text in enumerate(known) if text.owner == second]
        word = heard.telling_word(best, second)
        telling = f"; the word “{word.lower()}” speaks for it most" if word else ""
        next_one = f"; next is {self.names[second]} ({similar[other].max(initial=0):.2f})."
        if not own:
            return f"By its words{telling}{next_one}"
        closest = own[int(similar[own].argmax())]
        is_nearest = similar[closest] >= similar.max()
        lead = "Nearest to" if is_nearest else "By its words and sentences taken together, with some likeness to"
        return f"{lead} {known[closest].source} (similarity {similar[closest]:.2f}){telling}{next_one}"


def _note(text: str, opinion: Opinion) -> str | None:
    if opinion.understood < 0.5:
        return NOT_COVERED
    return NOT_READ_TO_THE_END if len(text) > READ_CHARACTERS else None


def _known_texts(categories: Sequence[CategoryLike]) -> Iterator[KnownText]:
    """What the engine learns from."""
    for owner, category in enumerate(categories):
        yield KnownText(owner, f"the description of {category.name}", f"{category.name}. {category.description}")
        for example in category.examples:
            yield KnownText(owner, f"the example “{_shorten(example)}”", example)


def _shorten(text: str) -> str:
    text = " ".join(text.replace("<", "‹").replace(">", "›").split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"
