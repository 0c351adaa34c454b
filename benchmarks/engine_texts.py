"""Labelled texts to measure the local engine on: generated calls and notes, with greetings and without, and long ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier.sample_data.travel_talk import GREETINGS

_PROMPTS = Path(__file__).parent.parent / "prompts"
_TO_TEST, _TO_LEARN = 31, 32
_PARTS_OF_LONG = 6


@dataclass(frozen=True)
class Labelled:
    """A text and the class that it was made for."""

    text: str
    label: str


@dataclass(frozen=True)
class Topic:
    """A category as the engine takes it."""

    name: str
    description: str
    examples: tuple[str, ...]


def sample_prompt(name: str) -> Prompt:
    """The project's own prompt of that name."""
    return load_prompt(_PROMPTS / f"{name}.yaml")


def labelled(prompt: Prompt, rows: int, to_learn: bool = False) -> list[Labelled]:
    """Generated rows; those to learn from are others than those to test with."""
    seed = _TO_LEARN if to_learn else _TO_TEST
    return [
        Labelled(row[prompt.input.text], row[prompt.input.label or ""]) for row in sample_rows(prompt.name, rows, seed)
    ]


def greeted(rows: Sequence[Labelled], is_greeted: bool) -> list[Labelled]:
    """The same with a greeting before each text, or without those that stand in it as they are generated."""
    greetings = [greeting for greeting in GREETINGS if "{" not in greeting]
    if is_greeted:
        return [
            Labelled(f"{greeting} {row.text}", row.label) for greeting, row in zip(cycle(greetings), rows, strict=False)
        ]
    changed = []
    for row in rows:
        text = row.text
        for greeting in greetings:
            text = text.replace(greeting, "")
        changed.append(Labelled(text, row.label))
    return changed


def topics(prompt: Prompt, learning: Sequence[Labelled], each: int) -> list[Topic]:
    """The prompt's categories with so many of the generated rows as examples, and none of its own."""
    return [
        Topic(
            category.name,
            category.description,
            ()
            if category.name == prompt.fallback.name
            else tuple(islice((row.text for row in learning if row.label == category.name), each)),
        )
        for category in prompt.categories
    ]


def long_texts(rows: Sequence[Labelled]) -> list[str]:
    """Texts of about 400 words: notes of one class, put together."""
    by_label: dict[str, list[str]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row.text)
    return [
        " ".join(some[start : start + _PARTS_OF_LONG])
        for some in by_label.values()
        for start in range(0, len(some), _PARTS_OF_LONG)
    ]
