"""Which classified texts are worth a label: some by chance, which measure, and some that teach, for each category and where doubt is.

Texts that are drawn for a reason are harder or rarer than the others, so they say nothing about the accuracy on all.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import NamedTuple

import pyarrow as pa

from batch_classifier.evaluation.drawn import Drawn

# A list of the best is cut back when it has grown to so many times what is kept.
_SLACK = 4


class Candidate(NamedTuple):
    """A text, and what its place in the drawing goes by: `order` is smallest for the one that is drawn first."""

    order: tuple[float, str]
    text_id: str


class Best:
    """The so many distinct texts that come first, out of a stream of any length."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._found: dict[str, tuple[float, str]] = {}

    def add(self, candidate: Candidate) -> None:
        """Look at one more; the same text again changes nothing."""
        self._found[candidate.text_id] = candidate.order
        if len(self._found) > self.size * _SLACK:
            self._found = {one.text_id: one.order for one in self.in_order()}

    def in_order(self) -> list[Candidate]:
        """Those that come first."""
        ordered = sorted(Candidate(order, text_id) for text_id, order in self._found.items())
        return ordered[: self.size]


def draw(rows: Iterable[pa.RecordBatch], size: int, seed: int) -> dict[str, Drawn]:
    """Choose so many distinct texts, or all where there are fewer: ids and why each was drawn.

    Half are drawn by chance. Of the other half, half are those with the greatest doubt where there is one, and the
    rest the categories in turn, so that rare ones are there too. The same rows and seed give the same texts.

    Args:
        rows: `text_id`, `class` and `doubt` of requests, in any order.
        size: how many, at least 1.
        seed: another number draws others.
    """
    by_chance, doubtful = Best(size), Best(size)
    by_class: dict[str, Best] = {}
    for batch in rows:
        columns = (batch[name].to_pylist() for name in ("text_id", "class", "doubt"))
        for text_id, class_name, doubt in zip(*columns, strict=True):
            mark = _mark(text_id, seed)
            by_chance.add(Candidate((0.0, mark), text_id))
            # A class of its own for what has none.
            by_class.setdefault(class_name or "", Best(size)).add(Candidate((0.0, mark), text_id))
            if doubt is not None:
                doubtful.add(Candidate((-doubt, mark), text_id))
    drawn: dict[str, Drawn] = {}
    _take(by_chance.in_order(), (size + 1) // 2, Drawn.RANDOM, drawn)
    _take(doubtful.in_order(), len(drawn) + (size - len(drawn)) // 2, Drawn.UNCERTAIN, drawn)
    _take(_in_turn(_left(best, drawn) for _, best in sorted(by_class.items())), size, Drawn.CATEGORY, drawn)
    return drawn


def _take(candidates: Iterable[Candidate], until: int, why: Drawn, drawn: dict[str, Drawn]) -> None:
    """Draw those that are not drawn yet, until so many are."""
    for candidate in candidates:
        if len(drawn) >= until:
            return
        drawn.setdefault(candidate.text_id, why)


def _left(best: Best, drawn: Mapping[str, Drawn]) -> list[Candidate]:
    """Those that are not drawn yet, so that each category gets its turns."""
    return [candidate for candidate in best.in_order() if candidate.text_id not in drawn]


def _in_turn(lists: Iterable[list[Candidate]]) -> Iterator[Candidate]:
    """The first of each list, then the second of each, until all are through."""
    for some in zip_longest(*lists):
        yield from (candidate for candidate in some if candidate is not None)


def _mark(text_id: str, seed: int) -> str:
    return hashlib.blake2b(f"{seed} {text_id}".encode(), digest_size=8).hexdigest()
