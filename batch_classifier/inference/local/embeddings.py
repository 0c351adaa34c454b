"""The local engine: puts texts into categories on this machine, from a prompt's descriptions and examples.

What words and sentences speak for (`evidence`) and, where there are examples, a trained model (`trained_head`) are taken together
as the prompt's own examples teach (`combination`).
"""

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from batch_classifier.inference.local.combination import Combination, Strictness, learn
from batch_classifier.inference.local.evidence import Evidence, Heard, KnownText
from batch_classifier.language.dialogue import READ_CHARACTERS, is_dialogue
from batch_classifier.language.trained_head import TrainedHead
from batch_classifier.language.word_vectors import one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from batch_classifier.inference.local.taught import Taught

    Floats = NDArray[np.float32]

MODEL_ID = "local/static-embeddings-3"
"""Name and version of the engine; raise the version whenever a change can alter a verdict."""

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
    examples, as many verdicts were right as their confidence says. `tokens` is how many tokens were read.
    """

    category: str
    reason: str
    confidence: float
    tokens: int


@dataclass(frozen=True)
class Readings:
    """What the engine makes of some texts, one row each; of a text without words there is no evidence.

    Attributes:
        heard: None for a text without words.
        evidence: for each category.
        similar: the best similarity to a known text.
        are_dialogues: whether it is one.
        shares: of the categories, by what the engine knows of descriptions and examples.
    """

    heard: "Sequence[Heard | None]"
    evidence: "Floats"
    similar: "Floats"
    are_dialogues: "NDArray[np.bool_]"
    shares: "NDArray[np.float64]"


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
            if self.learned.has_head:
                self._head = TrainedHead([text.text for text in known], [text.owner for text in known], len(self.names))

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict for each text, in their order; each depends on its own text only."""
        verdicts: list[Verdict] = []
        with self._lock, one_thread():
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                verdicts += self._classify_some(texts[start : start + _TEXTS_AT_ONCE])
        return verdicts

    def read(self, texts: Sequence[str]) -> Readings:
        """What the engine makes of texts without the prompt's own model."""
        import numpy as np

        some = [self._read(texts[start : start + _TEXTS_AT_ONCE]) for start in range(0, len(texts), _TEXTS_AT_ONCE)]
        return Readings(
            [heard for readings in some for heard in readings.heard],
            *(
                np.concatenate([getattr(readings, name) for readings in some])
                for name in ("evidence", "similar", "are_dialogues", "shares")
            ),
        )

    def _read(self, texts: Sequence[str]) -> Readings:
        import numpy as np

        all_heard = self._evidence.hear(texts)
        dialogues = np.array(
            [heard is not None and is_dialogue(text) for text, heard in zip(texts, all_heard, strict=True)]
        )
        nothing = np.zeros(len(self.names), np.float32)
        evidence = np.array([nothing if heard is None else heard.evidence for heard in all_heard])
        similar = np.array([0 if heard is None else heard.similarities.max(initial=0) for heard in all_heard])
        if self.fallback in self.names:
            evidence[:, self.names.index(self.fallback)] -= np.float32(_FALLBACK_HANDICAP)
        plain, spoken = self.learned.plain, self.learned.spoken
        shares = spoken.shares(evidence, None)
        if not dialogues.all():
            written = np.flatnonzero(~dialogues)
            head = self._head.log_shares([texts[int(place)] for place in written]) if self._head is not None else None
            shares[written] = plain.shares(evidence[written], head)
        return Readings(all_heard, evidence, similar, dialogues, shares)

    def _classify_some(self, texts: Sequence[str]) -> list[Verdict]:
        import numpy as np

        readings = self._read(texts)
        judges = [self.learned.spoken if spoken else self.learned.plain for spoken in readings.are_dialogues.tolist()]
        shares = readings.shares
        if self.taught is not None:
            for is_spoken in (False, True):
                judge = self.taught.judge_of(is_spoken)
                places = np.flatnonzero(readings.are_dialogues == is_spoken).tolist()
                if judge is not None and places:
                    said = self.taught.log_shares([texts[place] for place in places])
                    shares[places] = judge.shares(readings.evidence[places], said)
                    for place in places:
                        judges[place] = judge
        verdicts = [
            self._verdict(heard, share, judge)
            for heard, share, judge in zip(readings.heard, shares, judges, strict=True)
        ]
        return [_told_of_length(text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]

    def _verdict(self, heard: Heard | None, shares: "NDArray[np.float64]", judge: Combination) -> Verdict:
        import numpy as np

        if heard is None:
            return self._unknown(0)
        second, best = np.argsort(shares, kind="stable")[-2:].tolist()
        share = float(shares[best])
        if judge.is_stranger(share, float(heard.similarities.max(initial=0))):
            return self._unknown(heard.tokens)
        reason = self._reason(best, second, heard)
        return Verdict(self.names[best], reason, round(share * _SUREST, 4), heard.tokens)

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

    def _unknown(self, tokens: int) -> Verdict:
        what = "It is like no example or description" if tokens else "It has no words to go by"
        return Verdict(
            self.fallback, f"{what}, so {self.fallback} is the fallback.", round(1 / len(self.names), 4), tokens
        )


def _told_of_length(text: str, verdict: Verdict) -> Verdict:
    if len(text) <= READ_CHARACTERS:
        return verdict
    told = f"{verdict.reason} Of its {len(text):,} characters the first {READ_CHARACTERS:,} were read."
    return dataclasses.replace(verdict, reason=told)


def _known_texts(categories: Sequence[CategoryLike]) -> Iterator[KnownText]:
    """What the engine learns from."""
    for owner, category in enumerate(categories):
        yield KnownText(owner, f"the description of {category.name}", f"{category.name}. {category.description}")
        for example in category.examples:
            yield KnownText(owner, f"the example “{_shorten(example)}”", example)


def _shorten(text: str) -> str:
    text = " ".join(text.replace("<", "‹").replace(">", "›").split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"
