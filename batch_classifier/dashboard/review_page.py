"""Review: what needs a person first, one text at a time with keys, or many in a table."""

from collections.abc import Mapping

import streamlit as st

from batch_classifier.dashboard.filters import View, choose_view
from batch_classifier.dashboard.plain import label, sentence, shown_class, shown_name
from batch_classifier.dashboard.project import questions
from batch_classifier.dashboard.review_said import show_said
from batch_classifier.dashboard.review_table import show_table
from batch_classifier.dashboard.review_visit import (
    Visit,
    counts_of,
    decide,
    fill,
    first_text,
    offer_undo,
    read_text,
    skip,
    write_given,
)
from batch_classifier.dashboard.whole_text import plain_text
from batch_classifier.insights.review import Queue
from batch_classifier.insights.texts import WholeText
from batch_classifier.warehouse.statuses import Status

# Streamlit keeps C and R for itself; S and U are "not sure" and "undo".
_KEYS = "123456789ABDEFGHIJKLMNOPQTVWXYZ"
# A text stays as it is until the next one is there: what fades at each key tires the eyes.
_NO_FADING = "<style>[data-stale='true'] {opacity: 1 !important; transition: none !important}</style>"


def show() -> None:
    """The page."""
    st.title("Review")
    st.html(_NO_FADING)
    visit: Visit = st.session_state.setdefault("review", Visit())
    if not visit.texts:
        # What waits is asked anew, and that is not to come again.
        write_given(visit)
    try:
        with questions():
            view = choose_view(is_kept=True)
            if view is None:
                return
            counts = counts_of(view, visit)
            queue, is_table = _choose(counts)
            fill(view, visit, queue)
            whole = None if is_table else first_text(view, visit)
        if not visit.texts:
            _nothing_waits(queue, counts)
        elif whole is None:
            show_table(view, visit, queue)
        else:
            _one(view, visit, queue, whole)
    finally:
        # Also when the next key ends this run of the page before its end.
        is_written = write_given(visit)
    if not is_written:
        st.rerun()
    show_said(view, visit, is_table)
    if whole is not None and len(visit.texts) > 1:
        with questions():
            read_text(view, visit, visit.texts[1])


def _choose(counts: Mapping[Queue, int]) -> tuple[Queue, bool]:
    first = next((queue for queue in Queue if counts[queue]), Queue.SAMPLE)
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        "What to look at",
        list(Queue),
        index=list(Queue).index(first),
        format_func=str,
        key="queue",
        bind="query-params",
        persist_state="session",
        help="A text that somebody has spoken of does not come again. The random sample is for measuring: the same order for everybody.",
    )
    is_table = right.toggle("In a table", key="review_table")
    st.caption(" · ".join(f"{queue.value} {counts[queue]:,}" for queue in Queue))
    return Queue(chosen or first), is_table


def _nothing_waits(queue: Queue, counts: Mapping[Queue, int]) -> None:
    st.success(f"Nothing waits here: {queue.value.lower()}.")
    following = next((one for one in Queue if counts[one] and one is not queue), None)
    if following is None:
        st.caption("No selected text waits for a person. Take some filters at the side away to see others.")
        return
    told = f"Go on with: {following.value.lower()} ({counts[following]:,})"
    st.button(told, type="primary", on_click=lambda: st.session_state.update(queue=following))


def _one(view: View, visit: Visit, queue: Queue, whole: WholeText) -> None:
    left, right = st.columns([3, 2], gap="medium")
    # The text first: it is there before the buttons, and what is said of it before takes its time.
    with left:
        plain_text(whole.text)
        _what_was_said(whole)
    with right:
        _classes(view, visit, queue, whole)


def _what_was_said(whole: WholeText) -> None:
    line = whole.line
    given = f"The model's class: **{label(shown_class(whole.class_name))}**"
    if line.status != Status.CLASSIFIED:
        given += f" ({label(shown_name(line.status))})"
    st.markdown(given)
    if whole.rationale:
        st.text(whole.rationale)
    if whole.raw_class and whole.raw_class != whole.class_name:
        st.text(f"The model's words: {whole.raw_class[:300]}")
    if whole.error:
        st.text(whole.error)
    facts = [
        None if line.confidence is None else f"confidence {line.confidence:.2f}",
        None if line.doubt is None else f"doubt {line.doubt:.2f}",
        f"{label(line.request_file)}, id {label(line.record_id)}",
    ]
    st.caption(" · ".join(fact for fact in facts if fact))


def _classes(view: View, visit: Visit, queue: Queue, whole: WholeText) -> None:
    st.header("Which class is it?", help="Choosing the class that it has, the blue one, confirms it.")
    with st.container(gap="xsmall"):
        for place, name in enumerate(view.prompt.class_names):
            st.button(
                label(name),
                key=f"class_{place}",
                shortcut=_KEYS[place] if place < len(_KEYS) else None,
                type="primary" if name == whole.class_name else "secondary",
                width="stretch",
                on_click=decide,
                args=(view, visit, queue, whole, name),
            )
    with st.container(horizontal=True):
        st.button("Not sure", shortcut="S", width="stretch", on_click=skip, args=(visit, whole))
        offer_undo(view, visit)
    st.text_input("Comment", key="comment", max_chars=500, placeholder="Why, if it helps others; then choose the class")
    if problem := st.session_state.pop("review_problem", None):
        st.error(sentence(problem))
