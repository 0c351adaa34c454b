"""What was said in a visit to the page Review, and what becomes of it: examples in the prompt file, and new result files."""

import pandas as pd
import streamlit as st

from batch_classifier.corrections.examples import named_examples
from batch_classifier.dashboard.filters import View
from batch_classifier.dashboard.frame import who
from batch_classifier.dashboard.plain import label, sentence, shown_class
from batch_classifier.dashboard.project import settings, writing
from batch_classifier.dashboard.review_visit import Visit, offer_undo, results_writer
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.adding_examples import add_examples
from batch_classifier.prompts.editing import file_of_prompt
from batch_classifier.wording import counted

_MOST_SAID = 20


def show_said(view: View, visit: Visit, is_table: bool) -> None:
    """The part of the page below the texts."""
    st.divider()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Said in this visit")
        if not visit.done:
            st.caption(f"Nothing yet. What you say is kept under the name {label(who())}.")
        else:
            _last_ones(view, visit)
        if is_table or not visit.texts:
            offer_undo(view, visit)
    with right:
        st.header("Result files")
        _results(view.prompt.name)


def _last_ones(view: View, visit: Visit) -> None:
    last = visit.done[::-1][:_MOST_SAID]
    table = pd.DataFrame(
        {
            "Now": [one.new_class for one in last],
            "Before": [shown_class(one.old_class) for one in last],
            "Text": [one.beginning for one in last],
        }
    )
    chosen = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="single-row", key="review_said",
        column_config={"Now": st.column_config.TextColumn(width=130), "Before": st.column_config.TextColumn(width=130)},
        alt="Table of what was said in this visit",
    )  # fmt: skip
    rows = list(chosen.selection.rows)
    st.caption(f"{counted(len(visit.done), 'verdict')}. Choose a row to make its text an example in the prompt file.")
    if rows and st.button(f"Make it an example of {label(last[rows[0]].new_class)}"):
        path = file_of_prompt(settings().prompts, view.prompt.name)
        try:
            count = add_examples(path, named_examples(writing(), view.prompt, [last[rows[0]].text.text_id]))
        except OSError as error:
            raise ClassifierError(f"{path} cannot be written: {error.strerror}.") from error
        if count:
            st.success(
                "It is an example now, and is sent with each question. The prompt has a new version, so texts are asked again "
                "when their files run again."
            )
        else:
            st.info("It is an example already.")


@st.fragment(run_every=2.0)
def _results(prompt: str) -> None:
    writer = results_writer(prompt)
    if writer.child is not None and writer.child.is_running:
        st.caption("Summaries and result files with corrected texts are being written anew…")
    elif writer.since is not None:
        st.caption("They are written anew when you have paused for 20 seconds.")
        if st.button("Write them now"):
            writer.write()
    elif writer.child is not None and writer.child.failed:
        st.error(sentence(" ".join(writer.child.errors())))
    elif writer.child is not None:
        st.caption("All corrections are in the result files.")
    else:
        st.caption("Corrections go into the result files of all files that have these texts.")
