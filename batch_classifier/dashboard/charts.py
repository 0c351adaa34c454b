"""Charts of the dashboard: lines and heat maps in one accent colour; names in them are shown as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

ACCENT = "#2563eb"
_LOWEST = "#dbe7fd"
_CELL_HEIGHT = 30
_LONGEST_NAME = 220
# Told apart by people with the usual kinds of colour blindness (Okabe and Ito, 2008), on light and on dark.
_COLOURS = ("#2563eb", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8b7fd6", "#7a8699")


def lines(rows: Sequence[Mapping[str, Any]], time: str, value: str, name: str, format: str = ",d") -> Any:
    """A line for each name over time."""
    data = pd.DataFrame(rows)
    names = list(dict.fromkeys(data[name]))
    return (
        alt.Chart(data)
        .mark_line(point=alt.OverlayMarkDef(size=28), strokeWidth=2)
        .encode(
            x=alt.X(f"{time}:T", title=None, axis=alt.Axis(grid=False, labelOverlap=True)),
            y=alt.Y(f"{value}:Q", title=None, axis=alt.Axis(format=format, tickCount=5)),
            color=alt.Color(
                f"{name}:N",
                sort=names,
                scale=alt.Scale(domain=names, range=[_COLOURS[at % len(_COLOURS)] for at in range(len(names))]),
                legend=alt.Legend(
                    orient="bottom", title=None, columns=1, labelLimit=_LONGEST_NAME, symbolType="stroke"
                ),
            ),
            tooltip=[
                alt.Tooltip(f"{time}:T", format="%Y-%m-%d"),
                alt.Tooltip(f"{name}:N"),
                alt.Tooltip(f"{value}:Q", format=format),
            ],
        )
        .properties(height=400)
    )


def heat_map(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    y: str,
    value: str,
    shown: str,
    order: Mapping[str, Sequence[str]],
    titles: tuple[str, str],
) -> Any:
    """A cell for each pair, the darker the larger `value` (0 to 1), with `shown` in it; a click on one is the selection `cell`.

    `order` has the names of both axes, and `titles` says what they are.
    """
    data = pd.DataFrame(rows)
    highest = max(float(data[value].max()), 0.01)
    chosen = alt.selection_point(name="cell", fields=[x, y])
    base = alt.Chart(data).encode(
        x=alt.X(f"{x}:N", sort=list(order[x]), title=titles[0], axis=alt.Axis(labelAngle=-40, labelLimit=140, orient="top")),
        y=alt.Y(f"{y}:N", sort=list(order[y]), title=titles[1], axis=alt.Axis(labelLimit=_LONGEST_NAME)),
        tooltip=[alt.Tooltip(f"{y}:N", title=titles[1]), alt.Tooltip(f"{x}:N", title=titles[0]), alt.Tooltip(f"{shown}:Q", format=",d"),
                 alt.Tooltip(f"{value}:Q", format=".1%")],
    )  # fmt: skip
    cells = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color(f"{value}:Q", scale=alt.Scale(range=[_LOWEST, ACCENT], domain=[0, highest]), legend=None)
    )
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{shown}:Q", format=",d"),
        color=alt.condition(alt.datum[value] > 0.55 * highest, alt.value("white"), alt.value("#1e293b")),
    )
    return (cells.add_params(chosen) + numbers).properties(height=_CELL_HEIGHT * max(len(order[y]), 1) + 120)


def drift(rows: Sequence[Mapping[str, Any]], large_from: float) -> Any:
    """A point for each file, those that differ in another colour, and a line from which on a difference is large."""
    data = pd.DataFrame(rows)
    points = (
        alt.Chart(data)
        .mark_line(color=ACCENT, strokeWidth=2)
        .encode(x=alt.X("day:T", title=None, axis=alt.Axis(grid=False)), y=alt.Y("size:Q", title="size"))
    )
    marks = (
        alt.Chart(data)
        .mark_circle(size=70, opacity=1)
        .encode(
            x="day:T",
            y="size:Q",
            color=alt.condition("datum.is_drift", alt.value(_COLOURS[5]), alt.value(ACCENT)),
            tooltip=[
                alt.Tooltip("file:N"),
                alt.Tooltip("day:T", format="%Y-%m-%d"),
                alt.Tooltip("size:Q", format=".2f"),
            ],
        )
    )
    limit = (
        alt.Chart(pd.DataFrame({"size": [large_from]}))
        .mark_rule(strokeDash=[4, 4], color=_COLOURS[7])
        .encode(y="size:Q")
    )
    return (limit + points + marks).properties(height=220)


def stacked(rows: Sequence[Mapping[str, Any]], name: str, value: str, part: str) -> Any:
    """A bar for each name, made of its parts."""
    data = pd.DataFrame(rows)
    parts = list(dict.fromkeys(data[part]))
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LONGEST_NAME)),
            x=alt.X(f"{value}:Q", title="USD", axis=alt.Axis(tickCount=5)),
            color=alt.Color(
                f"{part}:N",
                sort=parts,
                scale=alt.Scale(domain=parts, range=list(_COLOURS[: len(parts)])),
                legend=alt.Legend(orient="bottom", title=None, columns=2),
            ),
            tooltip=[alt.Tooltip(f"{name}:N"), alt.Tooltip(f"{part}:N"), alt.Tooltip(f"{value}:Q", format=",.4f")],
        )
        .properties(height=_CELL_HEIGHT * data[name].nunique() + 90)
    )
