"""Whether the audits of many files together say that the cascade's promise is broken: a test that may be asked after every file, for ever.

One file's audit judged at 5 % would turn a healthy cascade off by chance within some twenty files. So the files are judged together: were the
promise kept, the value below would be a game that nobody wins on the average, and it reaches 1 / (1 - confidence) at any time with a
probability of at most 1 - confidence (Ville's inequality; Ramdas, Grünwald, Vovk and Shafer 2023, "Game-theoretic statistics and safe anytime-valid
inference"). A file's factor is how much likelier its audit is where more differ than may. As it is not known how many more, nor since when,
several are played at once, and each file opens a game of its own with a share of the stake; so a cascade that breaks after a thousand good files
is found about as soon as one that is broken from the first.

Pure functions: they read and write nothing.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from batch_classifier.cascade.certificate import Promise

# By so much more than may, 0 to 1, might differ.
_MORE = (0.02, 0.05, 0.1, 0.2, 0.5)
_LEAST, _MOST = 1e-6, 0.99
_LARGEST = 700.0


@dataclass(frozen=True)
class AuditedFile:
    """What one file's audit counted.

    Attributes:
        local_share: the share of the file that the local model may answer.
        audited: texts of these that the model answered as well.
        differing: of these, where the two differ.
    """

    local_share: float
    audited: int
    differing: int


def evidence(promise: Promise, files: Sequence[AuditedFile]) -> float:
    """How strongly the audits of these files, in their order, speak against the promise: 1 / (1 - confidence) and more is broken."""
    return deque(evidence_after_each(promise, files), maxlen=1).pop() if files else 0.0


def evidence_after_each(promise: Promise, files: Iterable[AuditedFile]) -> Iterator[float]:
    """The same after each of the files."""
    games = [-math.inf] * len(_MORE)
    for place, file in enumerate(files, 1):
        # All stakes together are 1: the sum of 1 / (n (n + 1)).
        stake = -math.log(place * (place + 1))
        games = [_added(game, stake) + _factor(promise, file, more) for game, more in zip(games, _MORE, strict=True)]
        largest = max(games)
        total = largest + math.log(sum(math.exp(game - largest) for game in games) / len(games))
        # As a number that JSON holds.
        yield math.exp(min(total, _LARGEST))


def is_broken(promise: Promise, found: float) -> bool:
    """Whether so much evidence says that the promise does not hold."""
    return found * (1 - promise.confidence) >= 1


def _factor(promise: Promise, file: AuditedFile, more: float) -> float:
    """The logarithm of how much likelier the audit is where so many more differ; of more or fewer differing ones it only grows or falls."""
    may = max(_LEAST, (1 - promise.agreement) / file.local_share) if file.local_share > 0 else 1.0
    if not file.audited or may >= _MOST:
        return 0.0
    is_so = min(_MOST, may + more)
    agreeing = file.audited - file.differing
    return file.differing * math.log(is_so / may) + agreeing * math.log((1 - is_so) / (1 - may))


def _added(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers, of their logarithms."""
    larger, smaller = max(one, other), min(one, other)
    return larger + math.log1p(math.exp(smaller - larger)) if smaller > -math.inf else larger
