"""Runs of digits that a number may be written in: groups, with something between them."""

import re
from dataclasses import dataclass

_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Group:
    """Digits without a gap; `start` and `end` are places in the text."""

    digits: str
    start: int
    end: int


def groups_of(text: str, start: int, end: int) -> list[Group]:
    """The groups of digits in a part of a text."""
    return [Group(found[0], *found.span()) for found in _DIGITS.finditer(text, start, end)]


def follows_word(text: str, start: int) -> bool:
    """Whether what stands before a place goes on there, as in K-12345678, #12345 or x1."""
    before = text[max(0, start - 2) : start]
    return bool(before) and (
        before[-1].isalnum() or before[-1] in "_#@" or (before[-1] in "-./=" and before[:-1].isalnum())
    )


def goes_on(text: str, end: int) -> bool:
    """Whether a word or number goes on at a place, as in 12345678a or 12345678-A."""
    after = text[end : end + 2]
    return bool(after) and (after[0].isalnum() or after[0] in "_@" or (after[0] in "-/=" and after[1:].isalnum()))
