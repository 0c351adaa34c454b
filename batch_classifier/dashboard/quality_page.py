"""Quality: how right the classes are, where they go wrong, whether a changed prompt is better, and what differs from usual."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from batch_classifier.dashboard import charts
from batch_classifier.dashboard.filters import View, choose_view, offer
from batch_classifier.dashboard.plain import label, shown_class
from batch_classifier.dashboard.project import ask, questions
from batch_classifier.insights.drift import FILES_COMPARED, LARGE_FROM, LEAST_FILES, drift_over_time
from batch_classifier.insights.quality import Basis, Quality, quality
from batch_classifier.insights.selection import class_name
from batch_classifier.wording import counted

_ABOUT = {
    Basis.LABELS: "Rows of files that have a column with the expected class.",
    Basis.SAMPLE: "Texts that people were shown by chance on the page Review: what they say holds for all texts.",
    Basis.CORRECTIONS: "Texts that people chose to look at, mostly doubtful ones: all texts are better than this.",
}


def show() -> None:
    """The page."""
    st.title("Quality")
    with questions():
        view = choose_view()
        if view is None:
            return
        basis = st.selectbox(
            "Measured by",
            list(Basis),
            key="basis",
            bind="query-params",
            persist_state="session",
            format_func=str,
            width=320,
        )
        basis = Basis(basis or Basis.LABELS)
        st.caption(_ABOUT[basis])
        found = ask(quality, view.prompt, view.selection, basis)
        if found is None:
            st.info(
                "Nothing selected can be measured this way yet. Label some rows in a file, or look at the random sample on the page Review."
            )
            offer("Look at the random sample", "review", view.prompt, view.selection, queue="Random sample")
        else:
            _measured(view, found)
        _drift(view)


def _measured(view: View, found: Quality) -> None:
    low, high = found.interval
    with st.container(horizontal=True):
        st.metric(
            "Accuracy",
            f"{found.accuracy.accuracy:.1%}",
            help="Of the texts whose right class is known, how many the model put there.",
            width=130,
        )
        st.metric(
            "95% interval",
            f"{low * 100:.1f}–{high:.1%}",
            help="Where the accuracy of all texts lies, as far as so many can tell.",
            width=200,
        )
        st.metric("Measured on", counted(found.accuracy.labelled, "text"), width=200)
    st.header("By category")
    categories = found.accuracy.categories
    table = pd.DataFrame(
        {
            "Category": [one.category for one in categories],
            "Precision": [_percent(one.precision) for one in categories],
            "Recall": [_percent(one.recall) for one in categories],
            "Belong there": [one.expected for one in categories],
            "Put there": [one.given for one in categories],
        }
    )
    told = {
        "Precision": "Of the texts that the model put into this category, how many belong there.",
        "Recall": "Of the texts that belong into this category, how many the model put there.",
        "Belong there": "Texts whose right class this is.",
        "Put there": "Texts that the model put there.",
    }
    st.dataframe(
        table,
        hide_index=True,
        height=min(35 * (len(table) + 1) + 3, 560),
        column_config={
            name: st.column_config.NumberColumn(
                format="%.1f%%" if name in ("Precision", "Recall") else "localized", help=help
            )
            for name, help in told.items()
        },
        alt="Table of precision and recall by category",
    )
    _confusion(view, found)
    _versions(found)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _versions(found: Quality) -> None:
    st.header("By prompt version and model")
    table = pd.DataFrame(
        {
            "Accuracy": [_percent(one.accuracy) for one in found.versions],
            "95% interval": [f"{one.interval.low:.1%} to {one.interval.high:.1%}" for one in found.versions],
            "Texts": [one.labelled for one in found.versions],
            "Since": [one.since for one in found.versions],
            "Prompt version": [one.prompt_version for one in found.versions],
            "Model": [one.model_id for one in found.versions],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "Since": st.column_config.DatetimeColumn(format="YYYY-MM-DD"),
            "Accuracy": st.column_config.NumberColumn(format="%.1f%%"),
            "Texts": st.column_config.NumberColumn(format="localized"),
        },
        alt="Table of the accuracy of each prompt version and model",
    )
    st.caption(
        "Two whose intervals do not overlap do differ. Others may, or may not: `batch-classifier evaluate` compares them on the same texts."
    )


def _confusion(view: View, found: Quality) -> None:
    st.header("What is taken for what")
    rows = []
    for row in found.accuracy.matrix:
        total = sum(row.given.values()) or 1
        rows += [
            {"x": shown_class(given), "y": row.expected, "texts": number, "share": number / total}
            for given, number in row.given.items()
            if number
        ]
    given = list(dict.fromkeys(shown_class(name) for row in found.accuracy.matrix for name in row.given))
    order = {"x": given, "y": [row.expected for row in found.accuracy.matrix]}
    chosen = st.vega_lite_chart(
        spec=charts.heat_map(rows, order, ("the model's class", "right class"), is_share_shown=False),
        on_select="rerun",
        key="confusion",
        alt="Heat map of the right classes against those that the model gave",
    )
    st.caption(
        "Rows are the right classes, columns what the model said; on the diagonal both agree. Numbers are texts. Click a cell to read them."
    )
    points = getattr(chosen, "selection", {}).get("cell", [])
    if points:
        names = {shown_class(name): class_name(name) for row in found.accuracy.matrix for name in row.given}
        expected, model = str(points[0]["y"]), names.get(str(points[0]["x"]), "")
        selection = replace(view.selection, expected=(expected,), given=(model,))
        offer(
            f"Read the texts of {label(expected)} that were taken for {label(shown_class(model))}",
            "texts",
            view.prompt,
            selection,
        )


def _drift(view: View) -> None:
    st.header("Drift")
    st.caption(
        f"How much each file's classes differ from those of the {FILES_COMPARED} files before it: 0 is not at all, {LARGE_FROM} is much. "
        "A red point differs by much, and not by chance."
    )
    files = [one for one in ask(drift_over_time, view.prompt) if one.drift.p_value is not None]
    if len(files) < 2:
        st.caption(f"There are too few files to say what is usual; it takes {LEAST_FILES + 2}.")
        return
    rows = [
        {"file": one.request_file, "day": one.answered_at, "size": one.drift.size, "is_drift": one.drift.is_drift}
        for one in files
    ]
    st.vega_lite_chart(
        spec=charts.drift(rows, LARGE_FROM),
        alt="Line chart of how far each file's classes are from those of the files before",
    )
    warned = [one for one in files if one.drift.is_drift]
    for one in warned[::-1][:5]:
        st.text(f"{one.request_file}: {one.drift.told}")
