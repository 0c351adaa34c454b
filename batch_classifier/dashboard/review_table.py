"""Many texts of the page Review in a table, with the class of each to choose."""

import pandas as pd
import streamlit as st

from batch_classifier.corrections.saying import Verdict
from batch_classifier.dashboard.filters import View
from batch_classifier.dashboard.plain import sentence
from batch_classifier.dashboard.project import ask
from batch_classifier.dashboard.review_visit import Done, Visit, write
from batch_classifier.insights.review import Queue
from batch_classifier.insights.texts import lines_of
from batch_classifier.wording import counted


def show_table(view: View, visit: Visit, queue: Queue) -> None:
    """The texts of a queue, of which several are decided at once."""
    found = ask(lines_of, view.prompt, tuple((one.request_file, one.row_number) for one in visit.texts))
    shown = [one for one in visit.texts if (one.request_file, one.row_number) in found]
    lines = [found[one.request_file, one.row_number] for one in shown]
    table = pd.DataFrame(
        {
            "Class": [line.class_name for line in lines],
            "Right": [False for _ in lines],
            "Text": [line.text for line in lines],
            "Reason": [line.rationale or "" for line in lines],
            "Comment": ["" for _ in lines],
        }
    )
    edited = st.data_editor(
        table,
        hide_index=True,
        key=f"review_editor_{len(visit.done)}_{shown[0].text_id if shown else ''}",
        disabled=["Text", "Reason"],
        column_config={
            "Class": st.column_config.SelectboxColumn(options=list(view.prompt.class_names), required=False),
            "Right": st.column_config.CheckboxColumn(help="The class is right as it is.", width="small"),
            "Text": st.column_config.TextColumn(width="large"),
            "Comment": st.column_config.TextColumn(max_chars=500),
        },
        num_rows="fixed",
    )
    verdicts = [
        Verdict(one.text_id, row.Class, line.record_id, line.request_file, row.Comment or None)
        for one, line, row in zip(shown, lines, edited.itertuples(), strict=True)
        if row.Class and (row.Right or row.Class != line.class_name)
    ]
    if st.button(f"Save {counted(len(verdicts), 'verdict')}", type="primary", disabled=not verdicts):
        before = write(view.prompt, queue, verdicts)
        if before is not None:
            old = {one.text_id: (one, line) for one, line in zip(shown, lines, strict=True)}
            for verdict in verdicts:
                text, line = old[verdict.text_id]
                held = before.get(verdict.text_id)
                visit.done.append(Done(text, line.text[:80], held, line.class_name, str(verdict.new_class)))
            said = {verdict.text_id for verdict in verdicts}
            visit.texts = [one for one in visit.texts if one.text_id not in said]
        st.rerun()
    if problem := st.session_state.pop("review_problem", None):
        st.error(sentence(problem))
