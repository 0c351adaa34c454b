"""One text with all there is to know of it, as text alone."""

import pandas as pd
import streamlit as st

from batch_classifier.dashboard.plain import label, shown_class, shown_name
from batch_classifier.insights.texts import WholeText
from batch_classifier.wording import counted

# A browser takes long to lay out more; the rest is in the result file.
_MOST_CHARACTERS = 120_000
_TEXT_HEIGHT = 360
_ROW_HEIGHT, _HIGHEST_FACTS = 35, 560


def show_text(whole: WholeText) -> str | None:
    """Show it; returns a request file that the person wants to go to."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Text")
        plain_text(whole.text)
        if whole.original_text:
            with st.expander("As it stands in the file, before masking"):
                plain_text(whole.original_text)
        if whole.rationale:
            st.header("Reason")
            st.text(whole.rationale)
    with right:
        st.header("Class")
        st.text(shown_class(whole.class_name))
        if whole.line.model_class:
            st.caption(f"The model said {label(whole.line.model_class)}; {label(whole.corrected_by)} corrected it.")
        if whole.why:
            st.text(whole.why)
        facts = {
            "Status": shown_name(whole.line.status),
            "The model's words": whole.raw_class,
            "Expected": whole.expected_class,
            "Confidence": None if whole.line.confidence is None else f"{whole.line.confidence:.2f}",
            "Doubt": None if whole.line.doubt is None else f"{whole.line.doubt:.2f}",
            "Where it came from": shown_name(whole.line.source),
            "What went wrong": whole.error,
            "Request file": whole.line.request_file,
            "Row": f"{whole.line.row_number:,}",
            "Id": whole.line.record_id,
            "Answered": None if whole.answered_at is None else f"{whole.answered_at:%Y-%m-%d %H:%M} UTC",
            "Model": whole.model_id,
            "Prompt version": whole.prompt_version,
        }
        _facts({name: value for name, value in facts.items() if value}, "What is known of the text")
        if whole.own:
            st.header("The file's own columns")
            own = {name: "" if value is None else str(value) for name, value in whole.own}
            _facts(own, "The file's own columns")
    return _same_text(whole)


def plain_text(text: str) -> None:
    """A text as it is: no Markdown, no HTML, its own direction of writing."""
    shown = text[:_MOST_CHARACTERS]
    st.code(shown, language=None, wrap_lines=True, height=_TEXT_HEIGHT if len(shown) > 1_500 else "content")
    if len(shown) < len(text):
        st.caption(f"The first {_MOST_CHARACTERS:,} of {len(text):,} characters; the result file has all of them.")


def _facts(facts: dict[str, str], told: str) -> None:
    st.dataframe(
        pd.DataFrame({"What": list(facts), "Value": list(facts.values())}),
        hide_index=True,
        column_config={"What": st.column_config.TextColumn(width=145), "Value": st.column_config.TextColumn()},
        height=min(_ROW_HEIGHT * (len(facts) + 1) + 3, _HIGHEST_FACTS),
        alt=told,
    )


def _same_text(whole: WholeText) -> str | None:
    if not whole.same_texts:
        return None
    with st.expander(f"{counted(whole.same_texts, 'other row')} with the same text"):
        table = pd.DataFrame(whole.same_text, columns=["File", "Row", "Id"])
        chosen = st.dataframe(
            table, hide_index=True, on_select="rerun", selection_mode="single-row", key="same_text",
            alt="Table of other rows with the same text",
        )  # fmt: skip
        rows = list(chosen.selection.rows)
        if rows:
            return str(whole.same_text[rows[0]][0])
    return None
