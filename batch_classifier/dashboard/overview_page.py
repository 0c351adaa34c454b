"""Overview: what the texts are about, how that changes, and what could not be classified."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from batch_classifier.dashboard import charts
from batch_classifier.dashboard.filters import View, choose_view, offer
from batch_classifier.dashboard.plain import label, shown_class, shown_name
from batch_classifier.dashboard.project import ask, questions
from batch_classifier.insights import overview as insights
from batch_classifier.insights.selection import class_name

# More lines than these cannot be told apart.
_MOST_LINES = 6
_ROW_HEIGHT, _HIGHEST_TABLE = 35, 560
# The chart beside the table ends where the table does.
_CAPTION_HEIGHT, _LOWEST_CHART = 40, 280


def show() -> None:
    """The page."""
    st.title("Overview")
    with questions():
        view = choose_view()
        if view is None:
            return
        found = ask(insights.overview, view.prompt, view.selection)
        if not found.requests:
            st.info("No text is selected. Take some filters at the side away, or choose another period.")
            return
        _figures(found)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.header("Classes")
            _classes(view, found)
        with right:
            _trend(view, found)
        _own_column(view)
        _reasons(view)


def _figures(found: insights.Overview) -> None:
    """The few numbers at the top."""
    change = None if found.requests_before is None else found.requests - found.requests_before
    with st.container(horizontal=True):
        st.metric(
            "Texts",
            f"{found.requests:,}",
            None if change is None else f"{change:+,}",
            delta_color="off",
            delta_arrow="off",
            delta_description="on the period before",
            width=210,
        )
        st.metric(
            "Without a class",
            f"{found.without_class:,}",
            help="Texts that ended without one of the categories.",
            width=130,
        )
        st.metric("Corrected", f"{found.corrected:,}", help="Put into another class by a person.", width=130)
        st.metric(
            "Repaired",
            f"{sum(one.repaired for one in found.classes):,}",
            help="The model's words were no category's name: the nearest one was taken, or the text was asked again.",
            width=130,
        )


def _classes(view: View, found: insights.Overview) -> None:
    has_before = found.requests_before is not None
    table = pd.DataFrame(
        {
            "Class": [shown_class(one.class_name) for one in found.classes],
            "Texts": [one.requests for one in found.classes],
            "Share": [round(one.share * 100, 1) for one in found.classes],
            **(
                {"Change": [None if one.change is None else round(one.change * 100, 1) for one in found.classes]}
                if has_before
                else {}
            ),
        }
    )
    chosen = st.dataframe(
        table,
        hide_index=True,
        height=_table_height(found),
        column_config={
            "Texts": st.column_config.NumberColumn(format="localized", width=65),
            "Share": st.column_config.ProgressColumn(
                width=100, format="%.1f%%", min_value=0, max_value=max(one.share for one in found.classes) * 100
            ),
            "Change": st.column_config.NumberColumn(
                format="%+.1f pts", width=85, help="Of the share, in percentage points, on the period before."
            ),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="overview_classes",
        alt="Table of classes with their number of texts and share",
    )
    st.caption(
        "Tick a class to read its texts."
        + ("" if has_before else " Choose a period at the side to see how the shares have changed.")
    )
    if places := _chosen_rows(chosen):
        name = class_name(found.classes[places[0]].class_name)
        _open_texts(view, classes=(name,))


def _table_height(found: insights.Overview) -> int:
    return min(_ROW_HEIGHT * (len(found.classes) + 1) + 3, _HIGHEST_TABLE)


def _trend(view: View, found: insights.Overview) -> None:
    st.header(f"Texts by {found.unit}")
    starts = {point.start for point in found.trend}
    if len(starts) < 2:
        st.caption(f"All of these texts are of one {found.unit}. A trend is drawn from two on.")
        return
    first = [one.class_name for one in found.classes][:_MOST_LINES]
    counts = {(point.start, point.class_name): point.requests for point in found.trend}
    rows = [
        {"day": start, "class": shown_class(name), "texts": counts.get((start, name), 0)}
        for name in first
        for start in sorted(starts)
    ]
    colours = charts.class_colours(list(map(shown_class, first)), view.prompt.class_names)
    st.vega_lite_chart(
        spec=charts.lines(rows, colours, max(_table_height(found) - _CAPTION_HEIGHT, _LOWEST_CHART)),
        alt=f"Line chart of the number of texts in each class by {found.unit}",
    )
    if len(found.classes) > len(first):
        st.caption(f"The {len(first)} largest classes; choose classes at the side to see others.")


def _own_column(view: View) -> None:
    if not view.choices.own_columns:
        return
    st.header("Classes by a column of your files")
    column = st.selectbox(
        "Column", list(view.choices.own_columns), key="by", bind="query-params", persist_state="session", width=320
    )
    if column is None:
        return
    cells = ask(insights.by_own_column, view.prompt, view.selection, column)
    if {cell.value for cell in cells} == {None}:
        st.caption("No selected text has a value in this column.")
        return
    rest = "(other or none)"
    totals: dict[str | None, int] = {}
    for cell in cells:
        totals[cell.value] = totals.get(cell.value, 0) + cell.requests
    values = sorted(totals, key=lambda value: (value is None, -totals[value]))
    classes = _by_size([(cell.class_name, cell.requests) for cell in cells])
    rows = [
        {
            "x": rest if cell.value is None else cell.value,
            "y": shown_class(cell.class_name),
            "texts": cell.requests,
            "share": cell.requests / totals[cell.value],
        }
        for cell in cells
    ]
    order = {"x": [rest if value is None else value for value in values], "y": list(map(shown_class, classes))}
    chosen = st.vega_lite_chart(
        spec=charts.heat_map(rows, order, (column, ""), is_share_shown=True),
        on_select="rerun",
        key="overview_heat_map",
        alt=f"Heat map of classes by the values of the column {column}",
    )
    st.caption(
        "How the texts with one value are spread over the classes: each column comes to 100%. Click a cell to read its texts."
    )
    points = getattr(chosen, "selection", {}).get("cell", [])
    if points:
        picked = next((one for one in classes if shown_class(one) == points[0].get("y")), None)
        own = () if points[0].get("x") == rest else ((column, (str(points[0]["x"]),)),)
        _open_texts(view, classes=(class_name(picked),), own=own)


def _by_size(counts: Sequence[tuple[str | None, int]]) -> list[str | None]:
    totals: dict[str | None, int] = {}
    for name, number in counts:
        totals[name] = totals.get(name, 0) + number
    return sorted(totals, key=lambda name: (name is None, -totals[name]))


def _reasons(view: View) -> None:
    st.header("What could not be classified")
    found = ask(insights.reasons, view.prompt, view.selection)
    if not found:
        st.caption("Every selected text has a class.")
        return
    table = pd.DataFrame(
        {
            "Status": [shown_name(one.status) for one in found],
            "Why": [one.reason or "" for one in found],
            "Texts": [one.requests for one in found],
        }
    )
    chosen = st.dataframe(
        table,
        hide_index=True,
        column_config={
            "Status": st.column_config.TextColumn(width=130),
            "Why": st.column_config.TextColumn(width="large"),
            "Texts": st.column_config.NumberColumn(format="localized", width=80),
        },
        on_select="rerun",
        selection_mode="single-row",
        key="overview_reasons",
        alt="Table of the reasons why texts have no class",
    )
    if places := _chosen_rows(chosen):
        _open_texts(view, statuses=(found[places[0]].status,), classes=())


def _chosen_rows(chosen: object) -> list[int]:
    selection = getattr(chosen, "selection", None)
    return list(getattr(selection, "rows", []) or [])


def _open_texts(view: View, **narrower: object) -> None:
    own = dict(view.selection.own) | dict(narrower.pop("own", ()))  # type: ignore[call-overload]
    selection = replace(view.selection, own=tuple(own.items()), **narrower)  # type: ignore[arg-type]
    names = ", ".join(label(shown_class(name)) for name in selection.classes)
    offer(f"Read the texts of {names}" if names else "Read these texts", "texts", view.prompt, selection)
