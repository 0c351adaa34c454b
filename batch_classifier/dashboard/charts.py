"""Charts of the dashboard, in Vega-Lite: lines over time, heat maps, bars. Names in them are shown as they are."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

Chart = dict[str, Any]

ACCENT = "#2563eb"
_QUIET = "#7a8699"
# Each stands out from the page (at least 3 to 1, WCAG 2.2) and has the same hue in light and in dark.
COLOURS = (
    *("#2563eb", "#ea580c", "#047857", "#db2777", "#7c3aed", "#65a30d"),
    *("#991b1b", "#0891b2", "#92400e", "#c026d3", "#475569", "#b07c05"),
)
_COLOURS_ON_DARK = (
    *("#60a5fa", "#fb923c", "#10b981", "#f472b6", "#a78bfa", "#a3e635"),
    *("#f87171", "#22d3ee", "#d6a77a", "#e879f9", "#94a3b8", "#facc15"),
)
_WARNING = "#dc2626"
_CELL_HEIGHT = 30
_LONGEST_NAME = 190
# A telephone's screen.
_IS_NARROW = "containerSize()[0] < 500"
# So many names stand beside each other above a heat map; more are slanted.
_MOST_LEVEL_NAMES = 6
# The palest and the strongest cell, 0 to 1, and from where on white reads better on it.
_PALEST, _WHITE_FROM = 0.06, 0.7
# More points are not marked one by one, and a longer time has its months named.
_MOST_TICKS, _LONGEST_IN_DAYS = 7, 300


def class_colours(shown: Sequence[str], all_names: Sequence[str]) -> dict[str, str]:
    """A colour for each class that is shown: by its place in the prompt, so that it has the same one on all pages and days.

    Of two that share a colour, where a prompt has more classes than there are colours, the later one takes one that is free. What is
    no class of the prompt is grey.
    """
    places = {name: place for place, name in enumerate(all_names)}
    known = _COLOURS_ON_DARK if is_dark() else COLOURS
    colours: dict[str, str] = {}
    for name in shown:
        if name not in places:
            colours[name] = _QUIET
            continue
        first = places[name] % len(known)
        own = known[first:] + known[:first]
        colours[name] = next((one for one in own if one not in colours.values()), own[0])
    return colours


def lines(rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str], height: int) -> Chart:
    """A line for each class over time; rows have `day`, `class` and `texts`. A click on a name of the legend brings out its line."""
    days = sorted({row["day"] for row in rows})
    return {
        "height": height,
        "data": {"values": [{**row, "day": _moment(row["day"])} for row in rows]},
        "params": [{"name": "chosen", "select": {"type": "point", "fields": ["class"]}, "bind": "legend"}],
        "mark": {"type": "line", "point": {"size": 30}, "strokeWidth": 2},
        "encoding": {
            "x": _days_axis("day", days),
            "y": {"field": "texts", "type": "quantitative", "title": None, "axis": {"format": ",d", "tickCount": 5}},
            "color": {
                "field": "class",
                "type": "nominal",
                "sort": list(colours),
                "scale": {"domain": list(colours), "range": list(colours.values())},
                "legend": {
                    **{"orient": "bottom", "title": None, "labelLimit": _LONGEST_NAME, "symbolType": "stroke"},
                    **{"columns": {"expr": "width < 330 ? 1 : width < 560 ? 2 : 3"}, "symbolStrokeWidth": 3},
                },
            },
            "opacity": {"condition": {"param": "chosen", "value": 1}, "value": 0.12},
            "tooltip": [
                {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "format": "%Y-%m-%d", "title": "day"},
                {"field": "class", "type": "nominal"},
                {"field": "texts", "type": "quantitative", "format": ",d"},
            ],
        },
    }  # fmt: skip


def heat_map(
    rows: Sequence[Mapping[str, Any]],
    order: Mapping[str, Sequence[str]],
    titles: tuple[str, str],
    is_share_shown: bool,
) -> Chart:
    """A cell for each pair of `x` and `y`, the stronger the larger its `share` (0 to 1); a click on one is the selection `cell`.

    A cell shows its share, or else how many `texts` it stands for; pointed at, it says both. `order` has the names of both axes, and
    `titles` says what these are.
    """
    highest = max((float(row["share"]) for row in rows), default=0.0) or 1.0
    shown = ("share", ".0%") if is_share_shown else ("texts", ",d")
    is_level = len(order["x"]) <= _MOST_LEVEL_NAMES
    angle: Any = 0 if is_level else {"expr": f"{_IS_NARROW} ? -90 : -40"}
    names = {"labelOverlap": False, "labelFlush": False, "domain": False, "ticks": False, "grid": False}
    on_pale = "#f1f5f9" if is_dark() else "#1e293b"
    return {
        "height": _CELL_HEIGHT * max(len(order["y"]), 1) + (50 if is_level else 130),
        # A slanted name at the end reaches beyond its cell.
        "padding": {"left": 5, "top": 5, "bottom": 5, "right": 5 if is_level else 45},
        "data": {"values": list(rows)},
        "params": [{"name": "cell", "select": {"type": "point", "fields": ["x", "y"]}, "views": ["cells"]}],
        "encoding": {
            "x": {
                **{"field": "x", "type": "nominal", "sort": list(order["x"]), "title": titles[0]},
                "axis": {**names, "orient": "top", "labelAngle": angle, "labelLimit": 150},
            },
            "y": {
                **{"field": "y", "type": "nominal", "sort": list(order["y"]), "title": titles[1]},
                "axis": {**names, "labelLimit": {"expr": f"{_IS_NARROW} ? 100 : {_LONGEST_NAME}"}},
            },
            "tooltip": [
                {"field": "y", "type": "nominal", "title": titles[1] or "class"},
                {"field": "x", "type": "nominal", "title": titles[0]},
                {"field": "texts", "type": "quantitative", "format": ",d"},
                {"field": "share", "type": "quantitative", "format": ".1%"},
            ],
        },
        "layer": [
            {
                "name": "cells",
                "mark": {"type": "rect", "cornerRadius": 3, "color": ACCENT, "cursor": "pointer", "stroke": None},
                "encoding": {
                    "opacity": {
                        **{"field": "share", "type": "quantitative", "legend": None},
                        "scale": {"domain": [0, highest], "range": [_PALEST, 1]},
                    }
                },
            },
            {
                "mark": {
                    **{"type": "text", "cursor": "pointer"},
                    "fontSize": {"expr": f"{_IS_NARROW} ? 10 : 12"},
                },
                "encoding": {
                    "text": {"field": shown[0], "type": "quantitative", "format": shown[1]},
                    "color": {
                        "condition": {"test": f"datum.share >= {_WHITE_FROM * highest}", "value": "white"},
                        "value": on_pale,
                    },
                },
            },
        ],
    }


def drift(rows: Sequence[Mapping[str, Any]], large_from: float) -> Chart:
    """A point for each `file` at its `day`, at the height of its `size`; those with `is_drift` in another colour, above a line."""
    values = [{**row, "day": _moment(row["day"])} for row in rows]
    x = _days_axis("day", sorted({row["day"] for row in rows}))
    y = {"field": "size", "type": "quantitative", "title": None, "axis": {"tickCount": 5, "format": ".2f"}}
    limit = {"data": {"values": [{"size": large_from, "told": "from here on it differs much"}]}}
    return {
        "height": 220,
        "data": {"values": values},
        "layer": [
            {**limit, "mark": {"type": "rule", "strokeDash": [4, 4], "color": _QUIET}, "encoding": {"y": y}},
            {
                **limit,
                "mark": {"type": "text", "align": "left", "x": 4, "dy": -8, "color": _QUIET, "fontSize": 12},
                "encoding": {"y": y, "text": {"field": "told"}},
            },
            {"mark": {"type": "line", "color": ACCENT, "strokeWidth": 2}, "encoding": {"x": x, "y": y}},
            {
                "mark": {"type": "circle", "size": 70, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"condition": {"test": "datum.is_drift", "value": _WARNING}, "value": ACCENT},
                    "tooltip": [
                        {"field": "file", "type": "nominal"},
                        {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "format": "%Y-%m-%d", "title": "day"},
                        {"field": "size", "type": "quantitative", "format": ".2f", "title": "difference"},
                    ],
                },
            },
        ],
    }  # fmt: skip


def stacked(rows: Sequence[Mapping[str, Any]], name: str, value: str, part: str) -> Chart:
    """A bar for each name, put together from its parts."""
    names, parts = list(dict.fromkeys(row[name] for row in rows)), list(dict.fromkeys(row[part] for row in rows))
    return {
        "height": _CELL_HEIGHT * len(names) + 20,
        "data": {"values": list(rows)},
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": {
                **{"field": name, "type": "nominal", "sort": None, "title": None},
                "axis": {"labelLimit": _LONGEST_NAME, "labelFlush": False},
            },
            "x": {"field": value, "type": "quantitative", "title": "USD", "axis": {"tickCount": 5}},
            "color": {
                **{"field": part, "type": "nominal", "sort": parts},
                "scale": {"domain": parts, "range": list((_COLOURS_ON_DARK if is_dark() else COLOURS)[: len(parts)])},
                "legend": {"orient": "bottom", "title": None, "columns": {"expr": "width < 300 ? 1 : 4"}},
            },
            "tooltip": [
                {"field": name, "type": "nominal"},
                {"field": part, "type": "nominal"},
                {"field": value, "type": "quantitative", "format": ",.4f"},
            ],
        },
    }


def is_dark() -> bool:
    """Whether the page is shown light on dark."""
    return bool(st.context.theme.type == "dark")


def _moment(day: datetime.date) -> int:
    """A day's beginning in UTC, in the milliseconds that JavaScript counts: a date alone would be moved by the reader's time zone."""
    at = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    return round(at.timestamp() * 1_000)


def _days_axis(field: str, days: Sequence[datetime.date]) -> Chart:
    is_long = (days[-1] - days[0]).days > _LONGEST_IN_DAYS
    ticks = {"values": [_moment(day) for day in days]} if len(days) <= _MOST_TICKS else {"tickCount": _MOST_TICKS}
    axis = {"format": "%b %Y" if is_long else "%-d %b", "grid": False, "labelOverlap": "greedy", **ticks}
    return {"field": field, "type": "temporal", "scale": {"type": "utc"}, "title": None, "axis": axis}
