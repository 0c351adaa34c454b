"""Texts: search, read, and take away what is behind every figure."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from batch_classifier.dashboard.downloads import offer_downloads
from batch_classifier.dashboard.filters import View, choose_view, offer
from batch_classifier.dashboard.plain import shown_class, shown_name
from batch_classifier.dashboard.project import ask, questions
from batch_classifier.dashboard.whole_text import show_text
from batch_classifier.insights.selection import Selection
from batch_classifier.insights.texts import MOST_SHOWN, FoundTexts, Order, TextLine, find_texts, whole_text
from batch_classifier.wording import counted

_ROW_HEIGHT, _LIST_HEIGHT = 35, 420


def show() -> None:
    """The page."""
    st.title("Texts")
    with questions():
        view = choose_view()
        if view is None:
            return
        words, order = _search()
        view = replace(view, selection=replace(view.selection, words=words))
        found, start = _found(view, order)
        line = _list(view, found, start)
        if line is not None:
            whole = ask(whole_text, view.prompt, line.request_file, line.row_number)
            if whole is not None:
                other = show_text(whole)
                if other is not None:
                    offer(
                        "Show the texts of that file", "texts", view.prompt, Selection(request_files=(other,)), words=""
                    )
        elif found.lines:
            st.caption("Tick a row to read the whole text.")
    if found.lines:
        st.divider()
        offer_downloads(view)


def _search() -> tuple[str, Order]:
    left, right = st.columns([3, 1])
    words = left.text_input(
        "Search in texts and reasons",
        key="words",
        bind="query-params",
        persist_state="session",
        placeholder='Words that all stand there, or a "phrase in quotation marks"',
        icon=":material/search:",
        max_chars=200,
    )
    order = right.selectbox(
        "Order", list(Order), key="order", bind="query-params", persist_state="session", format_func=str
    )
    return words or "", Order(order or Order.DOUBT)


def _found(view: View, order: Order) -> tuple[FoundTexts, int]:
    """The texts, from the place or the file on that was reached by "further"."""
    mark = (view.prompt.name, view.selection, order)
    if st.session_state.get("texts_mark") != mark:
        st.session_state.update(texts_mark=mark, texts_start=0, texts_files=None)
    files = [(file.request_file, file.rows) for file in view.choices.files]
    left = st.session_state["texts_files"]
    if left is not None:
        files = [file for file in files if file[0] in left]
    start = st.session_state["texts_start"]
    return ask(find_texts, view.prompt, view.selection, order, tuple(files), 1.0, start), start


def _list(view: View, found: FoundTexts, start: int) -> TextLine | None:
    if view.selection.words:
        told = f"{counted(len(found.lines), 'text')} with these words among {found.looked_through:,} that were looked through."
    elif found.number:
        told = f"{start + 1:,} to {start + len(found.lines):,} of {counted(found.number, 'text')}."
    else:
        told = "No text is selected. Take some filters at the side away, or look for other words."
    st.caption(told)
    line = None
    if found.lines:
        table = pd.DataFrame(
            {
                "Text": [one.text for one in found.lines],
                "Class": [shown_class(one.class_name) for one in found.lines],
                "Doubt": [one.doubt for one in found.lines],
                "Day": [one.day for one in found.lines],
                "Reason": [one.rationale or "" for one in found.lines],
                "Status": [shown_name(one.status) for one in found.lines],
                "File": [one.request_file for one in found.lines],
                "Id": [one.record_id for one in found.lines],
            }
        )
        chosen = st.dataframe(
            table,
            hide_index=True,
            height=min(_ROW_HEIGHT * (len(table) + 1) + 3, _LIST_HEIGHT),
            column_config={
                "Text": st.column_config.TextColumn(width=430),
                "Class": st.column_config.TextColumn(width=150),
                "Doubt": st.column_config.NumberColumn(
                    format="%.2f", width=65, help="How doubtful the class is: from 0, hardly, to 1, very."
                ),
                "Day": st.column_config.DateColumn(width=90),
                "Reason": st.column_config.TextColumn(width=300),
            },
            on_select="rerun",
            selection_mode="single-row",
            key="texts_list",
            alt="Table of the texts that were found",
        )
        rows = list(chosen.selection.rows)
        if rows and rows[0] < len(found.lines):
            line = found.lines[rows[0]]
    _further(found, start)
    return line


def _further(found: FoundTexts, start: int) -> None:
    if found.next_files and st.button(f"Look further back ({counted(len(found.next_files), 'older file')})"):
        st.session_state["texts_files"] = found.next_files
        st.rerun()
    if found.looked_through:
        return
    if len(found.lines) == found.number:
        return
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Previous", icon=":material/chevron_left:", disabled=not start):
            st.session_state["texts_start"] = max(start - MOST_SHOWN, 0)
            st.rerun()
        is_last = start + len(found.lines) >= found.number
        if st.button("Next", icon=":material/chevron_right:", icon_position="right", disabled=is_last):
            st.session_state["texts_start"] = start + MOST_SHOWN
            st.rerun()
