"""Labelled texts of the prompt `tickets`, as many as wanted, made from a seed."""

import random
from collections.abc import Sequence

from batch_classifier.language.text_id import text_id
from batch_classifier.training.training_texts import Origin, TrainingText

_SUBJECTS = {
    "Billing": ("the invoice", "a fee", "my bank card", "the charge", "the total", "a discount"),
    "Travel": ("the train", "my flight", "the hotel", "a suitcase", "the ferry", "my seat"),
    "Other": ("the parrot", "a violin", "the weather", "my neighbour", "the garden", "a poem"),
}
_SAID = ("I have a question about", "something is wrong with", "please look at", "who can help me with", "I lost")
_ENDINGS = ("today", "since Monday", "again", "at last", "for my sister", "in the office", "before noon")


def labelled_texts(number: int, seed: int, wrong: float = 0.0) -> list[TrainingText]:
    """So many texts, no two alike; of some, the label is another category's (`wrong`, 0 to 1)."""
    chance = random.Random(seed)
    found: dict[str, TrainingText] = {}
    while len(found) < number:
        name = chance.choice(list(_SUBJECTS))
        subject, other = chance.choice(_SUBJECTS[name]), chance.choice(_SUBJECTS[name])
        text = (
            f"{chance.choice(_SAID)} {subject} and {other} {chance.choice(_ENDINGS)}, case {chance.randrange(10_000)}"
        )
        label = chance.choice([one for one in _SUBJECTS if one != name]) if chance.random() < wrong else name
        found[text_id(text)] = TrainingText(text_id(text), text, label, Origin.LABEL)
    return [found[key] for key in sorted(found)]


def truth_of(text: str) -> str:
    """The category that a text was made for."""
    return next(name for name, subjects in _SUBJECTS.items() if any(subject in text for subject in subjects))


def share_right(texts: Sequence[TrainingText], given: Sequence[str]) -> float:
    """Which share of the texts got the category that they were made for, 0 to 1."""
    return sum(truth_of(text.text) == name for text, name in zip(texts, given, strict=True)) / len(texts)
