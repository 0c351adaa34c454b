"""Patterns of a prompt's own, for what only its customers have: regular expressions in RE2's syntax.

RE2 (https://github.com/google/re2/wiki/Syntax) looks through a text in time that is linear in its length, whatever the expression: what
has a look-ahead or a back-reference it refuses. How large an expression may be is bounded here.
"""

from collections.abc import Iterator
from typing import Any

import re2

from batch_classifier.redaction.spans import Span

LONGEST_PATTERN = 1_000
# Instructions of its program: each is at most one step for each byte of a text.
_LARGEST_PROGRAM = 2_000


class UnfitPattern(ValueError):
    """An expression that cannot be used, with the reason in words that go on after its name."""


class OwnPattern:
    """One expression; raises UnfitPattern where it cannot be used."""

    def __init__(self, expression: str) -> None:
        if len(expression) > LONGEST_PATTERN:
            raise UnfitPattern(f"must have at most {LONGEST_PATTERN:,} characters")
        options = re2.Options()
        options.log_errors = False
        try:
            self._pattern: Any = re2.compile(expression, options)
        except re2.error as error:
            words = error.args[0] if error.args else ""
            raise UnfitPattern(
                "is no regular expression of RE2, which knows neither look-arounds nor back-references "
                f"({words.decode(errors='replace') if isinstance(words, bytes) else words})"
            ) from error
        if self._pattern.programsize > _LARGEST_PROGRAM:
            raise UnfitPattern("is too large: give smaller numbers of repetitions, or fewer classes of characters")
        if self._pattern.search("") is not None:
            raise UnfitPattern("matches where nothing stands; have it ask for one character at least")

    def find(self, text: str) -> Iterator[Span]:
        """What it matches in a text."""
        for found in self._pattern.finditer(text):
            if found.end() > found.start():
                yield found.span()
