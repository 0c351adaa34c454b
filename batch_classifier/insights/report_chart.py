"""The trend of a report as the points of lines, for a picture that is part of the page."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from batch_classifier.insights.overview import TrendPoint

WIDTH, HEIGHT = 720.0, 220.0
# As many colours as people tell apart; what is left is one line.
MOST_LINES = 6
_MARKS = 5


@dataclass(frozen=True)
class Line:
    """A class's line: `points` as SVG takes them; `is_rest` for all that have no line of their own."""

    class_name: str | None
    points: str
    last: tuple[float, float]
    is_rest: bool = False


@dataclass(frozen=True)
class Mark:
    """A mark at an axis, with its place in the picture."""

    place: float
    label: str


@dataclass(frozen=True)
class Trend:
    """A picture of `WIDTH` by `HEIGHT`."""

    lines: Sequence[Line]
    days: Sequence[Mark]
    requests: Sequence[Mark]


def trend_of(points: Sequence[TrendPoint], order: Sequence[str | None]) -> Trend | None:
    """The lines of the first classes in `order`, and one for the others; None where there are fewer than two points in time."""
    starts = sorted({point.start for point in points})
    if len(starts) < 2:
        return None
    drawn = list(order[:MOST_LINES])
    numbers: dict[tuple[str | None, bool], Counter[datetime.date]] = defaultdict(Counter)
    for point in points:
        is_rest = point.class_name not in drawn
        numbers[None if is_rest else point.class_name, is_rest][point.start] += point.requests
    highest = max(max(counts.values()) for counts in numbers.values())
    span = (starts[-1] - starts[0]).days

    def across(day: datetime.date) -> float:
        return round((day - starts[0]).days / span * WIDTH, 1)

    def down(requests: int) -> float:
        return round(HEIGHT - requests / highest * HEIGHT, 1)

    lines = []
    for name, is_rest in [*((name, False) for name in drawn), (None, True)]:
        counts = numbers.get((name, is_rest))
        if counts is not None:
            places = [(across(day), down(counts[day])) for day in starts]
            lines.append(Line(name, " ".join(f"{x},{y}" for x, y in places), places[-1], is_rest))
    shown = starts[:: max(1, -(-len(starts) // _MARKS))]
    steps = sorted({round(highest * step / 4) for step in range(5)})
    return Trend(
        lines, [Mark(across(day), day.isoformat()) for day in shown], [Mark(down(step), f"{step:,}") for step in steps]
    )
