"""Two pictures of a trained model as SVG: how it learns, and whether it is as often right as it says. Nothing but figures in them."""

from collections.abc import Sequence
from math import log10

from batch_classifier.evaluation.intervals import wilson
from batch_classifier.training.calibration import Calibration
from batch_classifier.training.learning_curve import CurvePoint

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 460, 260, 46, 40, 14, 16
# Readable on a light page and on a dark one.
_LINE, _INK, _GRID = "#4b7bec", "#7a8494", "#8d99ae55"
_STYLE = f'font-family="sans-serif" font-size="11" fill="{_INK}"'


def curve_chart(points: Sequence[CurvePoint]) -> str:
    """Accuracy, with its 95% interval, by the number of texts on a logarithmic scale."""
    if not points:
        return _picture([])
    intervals = [wilson(point.right, point.judged) for point in points]
    lowest = int(min((interval.low for interval in intervals), default=0.0) * 10) / 10
    first, last = log10(points[0].texts), log10(points[-1].texts)

    def place(point: CurvePoint) -> float:
        return _across((log10(point.texts) - first) / (last - first) if last > first else 0.5)

    parts = [_axes("texts that it was trained on", _steps(lowest))]
    path = " ".join(f"{place(point):.1f},{_up(point.right / point.judged, lowest):.1f}" for point in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="2"/>')
    for point, interval in zip(points, intervals, strict=True):
        x, share = place(point), point.right / point.judged
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_up(interval.low, lowest):.1f}" y2="{_up(interval.high, lowest):.1f}" '
            f'stroke="{_LINE}" stroke-opacity="0.5"/><circle cx="{x:.1f}" cy="{_up(share, lowest):.1f}" r="3.5" fill="{_LINE}"/>'
            f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle" {_STYLE}>{point.texts:,}</text>'
        )
    return _picture(parts)


def reliability_chart(calibration: Calibration) -> str:
    """The share that was right by the confidence, a point for each tenth, as large as it has texts; on the line the two agree."""
    most = max((one.texts for one in calibration.bins), default=1)
    parts = [_axes("confidence", _steps(0.0))]
    for tenth in (0, 0.2, 0.4, 0.6, 0.8, 1):
        parts.append(
            f'<text x="{_across(tenth):.1f}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle" {_STYLE}>{tenth:.0%}</text>'
        )
    parts.append(
        f'<line x1="{_across(0):.1f}" y1="{_up(0, 0):.1f}" x2="{_across(1):.1f}" y2="{_up(1, 0):.1f}" stroke="{_INK}" '
        'stroke-dasharray="4 4"/>'
    )
    parts += [
        f'<circle cx="{_across(one.confidence):.1f}" cy="{_up(one.right, 0):.1f}" r="{2 + 7 * (one.texts / most) ** 0.5:.1f}" '
        f'fill="{_LINE}" fill-opacity="0.8"/>'
        for one in calibration.bins
    ]
    return _picture(parts)


def _steps(lowest: float) -> list[tuple[float, float]]:
    """Shares to draw a line at, each with its height."""
    return [(share / 10, _up(share / 10, lowest)) for share in range(round(lowest * 10), 11, 2 if lowest < 0.5 else 1)]


def _across(share: float) -> float:
    return _LEFT + 14 + share * (_WIDTH - _LEFT - _RIGHT - 28)


def _up(share: float, lowest: float) -> float:
    return _HEIGHT - _BOTTOM - (share - lowest) / max(1 - lowest, 1e-6) * (_HEIGHT - _BOTTOM - _TOP)


def _axes(below: str, steps: Sequence[tuple[float, float]]) -> str:
    lines = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" {_STYLE}>{share:.0%}</text>'
        for share, y in steps
    )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return f'{lines}<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle" {_STYLE}>{below}</text>'


def _picture(parts: Sequence[str]) -> str:
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'
