"""Whether a request file's classes differ from those of the files before it: a test says that it is no chance, a size that it matters."""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.warehouse.interface import literal
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY

# A file is compared with so many before it, all taken together; with fewer than the least nothing is usual yet.
FILES_COMPARED, LEAST_FILES = 20, 3
# Both must say so. A size of 0.3 is Cohen's "medium" (Statistical Power Analysis, 1988): with four even classes about what
# it takes to move 15 of 100 texts into another.
SURE_BELOW, LARGE_FROM = 0.01, 0.3
# The chi-squared test holds where at least so many requests are expected in each cell (Cochran, 1954).
_LEAST_EXPECTED = 5.0
_REST = "(rare classes)"
_SHOWN = 3

Counts = Mapping[str | None, int]


@dataclass(frozen=True)
class Change:
    """A class whose share has changed, each 0 to 1."""

    class_name: str | None
    before: float
    now: float


@dataclass(frozen=True)
class Drift:
    """How far a file is from those before it.

    Attributes:
        files: with how many it was compared.
        p_value: how likely such a difference, or a larger one, is by chance; None where there is nothing to compare.
        size: Cohen's w, 0 where all shares are the same.
        changes: the classes whose shares changed most, in requests of a hundred.
    """

    files: int
    p_value: float | None
    size: float
    changes: Sequence[Change] = ()

    @property
    def is_drift(self) -> bool:
        """Whether both the test and the size say so."""
        return self.p_value is not None and self.p_value < SURE_BELOW and self.size >= LARGE_FROM

    @property
    def told(self) -> str:
        """A sentence for people."""
        if self.p_value is None:
            return f"There is too little to compare with: {self.files} files before this one, and {LEAST_FILES} are needed."
        if not self.is_drift:
            return f"The classes are as in the {self.files} files before (size {self.size:.2f}; {LARGE_FROM} would be much)."
        changes = ", ".join(
            f"{one.class_name or '(no class)'} {one.before:.1%} to {one.now:.1%}" for one in self.changes
        )
        return f"The classes differ from those of the {self.files} files before (size {self.size:.2f}): {changes}."


def drift(now: Counts, before: Sequence[Counts]) -> Drift:
    """Compare a file's requests by class with those of the files before it."""
    usual: Counter[str | None] = Counter()
    for counts in before:
        usual.update(counts)
    own = Counter(now)
    if len(before) < LEAST_FILES or not own.total() or not usual.total():
        return Drift(len(before), None, 0.0)
    cells = _cells(own, usual)
    if len(cells) < 2:
        return Drift(len(before), 1.0, 0.0)
    p_value = _p_value(cells)
    n_own, n_usual = own.total(), usual.total()
    # A class that was never there counts as if half a request had been: a share of nothing has no ratio.
    size = sqrt(sum((a / n_own - max(b, 0.5) / n_usual) ** 2 / (max(b, 0.5) / n_usual) for a, b in cells if a or b))
    changes = [Change(name, usual[name] / n_usual, own[name] / n_own) for name in {**own, **usual}]
    changes.sort(key=lambda one: -abs(one.now - one.before))
    return Drift(len(before), p_value, size, changes[:_SHOWN])


def _p_value(cells: Sequence[tuple[int, int]]) -> float:
    """How likely the two columns differ so much by chance: Pearson's chi-squared test, for two cells with Yates's correction."""
    # scipy.stats has it as `chi2_contingency`, and takes a second to be imported, in every run that is checked.
    from scipy.special import chdtrc

    columns = (sum(a for a, _ in cells), sum(b for _, b in cells))
    total, statistic = sum(columns), 0.0
    for row in cells:
        for seen, column in zip(row, columns, strict=True):
            expected = sum(row) * column / total
            difference = abs(seen - expected)
            if len(cells) == 2:
                difference -= min(0.5, difference)
            statistic += difference**2 / expected
    return float(chdtrc(len(cells) - 1, statistic))


def _cells(own: Counter[str | None], usual: Counter[str | None]) -> list[tuple[int, int]]:
    """Both counts by class; classes of which too few are expected are taken together."""
    total = own.total() + usual.total()
    smaller = min(own.total(), usual.total())
    cells: dict[str | None, list[int]] = {}
    for name in {**own, **usual}:
        expected = (own[name] + usual[name]) / total * smaller
        kept = name if expected >= _LEAST_EXPECTED else _REST
        pair = cells.setdefault(kept, [0, 0])
        pair[0] += own[name]
        pair[1] += usual[name]
    return [(a, b) for a, b in cells.values()]


@dataclass(frozen=True)
class FileDrift:
    """A request file, when it was answered, and how far it is from those before it."""

    request_file: str
    answered_at: datetime.datetime | None
    requests: int
    drift: Drift


def drift_of_file(tables: PromptTables, request_file: str) -> Drift:
    """How far one file is from the last ones before it; raises ClassifierError."""
    times = tables.query(
        f"""select request_file, max(answered_at) as answered_at from {tables.name()}
        where request_file = {literal(request_file)} group by request_file"""
    )
    if not times or times[0]["answered_at"] is None:
        return Drift(0, None, 0.0)
    files = _newest(tables, FILES_COMPARED, before=request_file)
    counts = _counts(tables, [request_file, *(name for name, _ in files)])
    return drift(counts.get(request_file, {}), [counts[name] for name, _ in files if name in counts])


def drift_over_time(tables: PromptTables, most: int = 60) -> list[FileDrift]:
    """The newest files, the oldest of them first, each compared with those before it; raises ClassifierError."""
    files = _newest(tables, most + FILES_COMPARED)[::-1]
    counts = _counts(tables, [name for name, _ in files])
    found = []
    for place, (name, answered_at) in enumerate(files):
        earlier = [counts[one] for one, _ in files[max(place - FILES_COMPARED, 0) : place] if one in counts]
        own = counts.get(name, {})
        found.append(FileDrift(name, answered_at, sum(own.values()), drift(own, earlier)))
    return found[-most:]


def _newest(tables: PromptTables, most: int, before: str | None = None) -> list[tuple[str, datetime.datetime | None]]:
    """The newest files, or the newest before one, the newest first; what was answered at the same moment is in the order of names."""
    earlier = ""
    if before is not None:
        own = f"select max(answered_at) from {tables.name()} where request_file = {literal(before)}"
        name = literal(before)
        earlier = f"""where request_file <> {name} and (times.answered_at < ({own})
            or (times.answered_at = ({own}) and times.request_file < {name}))"""
    rows = tables.query(
        f"""select times.request_file, times.answered_at from (
            select request_file, max(answered_at) as answered_at from {tables.name()} group by request_file
        ) as times {earlier or "where times.answered_at is not null"}
        order by times.answered_at desc, times.request_file desc limit {most}"""
    )
    return [(row["request_file"], row["answered_at"]) for row in rows]


def _counts(tables: PromptTables, request_files: Sequence[str]) -> dict[str, Counts]:
    if not request_files:
        return {}
    rows = tables.query(
        f"""select request_file, "class", requests from {tables.name(CATEGORY_SUMMARY)}
        where request_file in ({", ".join(map(literal, request_files))})"""
    )
    found: dict[str, dict[str | None, int]] = {}
    for row in rows:
        found.setdefault(row["request_file"], {})[row["class"]] = int(row["requests"])
    return dict(found)
