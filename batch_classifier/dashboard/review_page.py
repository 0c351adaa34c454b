"""Review: what needs a person first, one text at a time with keys, or many in a table."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from batch_classifier.corrections.examples import named_examples
from batch_classifier.corrections.saying import Verdict, say
from batch_classifier.dashboard.child_commands import ResultsWriter
from batch_classifier.dashboard.filters import View, choose_view
from batch_classifier.dashboard.frame import who
from batch_classifier.dashboard.plain import label, sentence, shown_class, shown_name
from batch_classifier.dashboard.project import ask, questions, settings, writing
from batch_classifier.dashboard.whole_text import plain_text
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.review import FROM_REVIEW, FROM_SAMPLE, Queue, Waiting, waiting, waiting_counts
from batch_classifier.insights.texts import WholeText, lines_of, whole_text
from batch_classifier.prompts.adding_examples import add_examples
from batch_classifier.prompts.editing import file_of_prompt
from batch_classifier.warehouse.statuses import Status
from batch_classifier.wording import counted

# Streamlit keeps C and R for itself; S and U are "not sure" and "undo".
_KEYS = "123456789ABDEFGHIJKLMNOPQTVWXYZ"
_MOST_SAID = 20


@dataclass(frozen=True)
class _Done:
    """A verdict of this visit, and what undoes it."""

    text: Waiting
    beginning: str
    before: str | None
    old_class: str | None
    new_class: str


@dataclass
class _Visit:
    """What a person has before them: the texts that wait, and what was said of the last ones.

    Attributes:
        mark: the queue and the selection that the texts were found for.
    """

    mark: object = None
    texts: list[Waiting] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    done: list[_Done] = field(default_factory=list)


@st.cache_resource(show_spinner=False)
def _writer(prompt: str) -> ResultsWriter:
    return ResultsWriter(prompt)


def show() -> None:
    """The page."""
    st.title("Review")
    with questions():
        view = choose_view(is_kept=True)
        if view is None:
            return
        visit: _Visit = st.session_state.setdefault("review", _Visit())
        counts = ask(waiting_counts, view.prompt, view.selection)
        queue, is_table = _choose(counts)
        _fill(view, visit, queue)
    if not visit.texts:
        _nothing_waits(queue, counts)
    elif is_table:
        _table(view, visit, queue)
    else:
        _one(view, visit, queue)
    _said(view, visit, is_table)


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


def _fill(view: View, visit: _Visit, queue: Queue) -> None:
    mark = (view.prompt.name, view.prompt.content_hash, view.selection, queue)
    if visit.mark != mark:
        visit.mark, visit.texts, visit.skipped = mark, [], []
    if not visit.texts:
        visit.texts = list(ask(waiting, view.prompt, view.selection, queue, tuple(visit.skipped)))


def _one(view: View, visit: _Visit, queue: Queue) -> None:
    first = visit.texts[0]
    whole = ask(whole_text, view.prompt, first.request_file, first.row_number)
    if whole is None:
        visit.texts.pop(0)
        st.rerun()
    left, right = st.columns([3, 2], gap="medium")
    with right:
        _classes(view, visit, queue, whole)
    with left:
        plain_text(whole.text)
        _what_was_said(whole)


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


def _classes(view: View, visit: _Visit, queue: Queue, whole: WholeText) -> None:
    st.header("Which class is it?", help="Choosing the class that it has, the blue one, confirms it.")
    with st.container(gap="xsmall"):
        for place, name in enumerate(view.prompt.class_names):
            st.button(
                label(name),
                key=f"class_{place}",
                shortcut=_KEYS[place] if place < len(_KEYS) else None,
                type="primary" if name == whole.class_name else "secondary",
                width="stretch",
                on_click=_decide,
                args=(view, visit, queue, whole, name),
            )
    with st.container(horizontal=True):
        st.button("Not sure", shortcut="S", width="stretch", on_click=_skip, args=(visit, whole))
        _offer_undo(view, visit)
    st.text_input("Comment", key="comment", max_chars=500, placeholder="Why, if it helps others; then choose the class")
    if problem := st.session_state.pop("review_problem", None):
        st.error(sentence(problem))


def _offer_undo(view: View, visit: _Visit) -> None:
    st.button(
        "Undo", shortcut="U", width="stretch", disabled=not visit.done, on_click=_undo, args=(view, visit), key="undo"
    )


def _decide(view: View, visit: _Visit, queue: Queue, whole: WholeText, name: str) -> None:
    if whole.text_id is None:
        return
    verdict = Verdict(
        whole.text_id, name, whole.line.record_id, whole.line.request_file, st.session_state.get("comment") or None
    )
    before = _write(view, queue, [verdict])
    if before is not None:
        old = whole.class_name
        text = Waiting(whole.line.request_file, whole.line.row_number, whole.text_id)
        visit.done.append(_Done(text, whole.text[:80], before.get(whole.text_id), old, name))
        visit.texts = [one for one in visit.texts if one.text_id != whole.text_id]
        st.session_state["comment"] = ""


def _write(view: View, queue: Queue | None, verdicts: list[Verdict]) -> dict[str, str | None] | None:
    """What held before of each text; None, with the reason on the page, where nothing could be written."""
    source = FROM_SAMPLE if queue is Queue.SAMPLE else FROM_REVIEW
    try:
        said = say(writing(), view.prompt, verdicts, who(), datetime.datetime.now(datetime.UTC), source)
    except ClassifierError as error:
        st.session_state["review_problem"] = str(error)
        return None
    _writer(view.prompt.name).note(said.correction_set)
    return said.before


def _skip(visit: _Visit, whole: WholeText) -> None:
    visit.texts = [one for one in visit.texts if one.text_id != whole.text_id]
    if whole.text_id is not None:
        visit.skipped.append(whole.text_id)


def _undo(view: View, visit: _Visit) -> None:
    last = visit.done[-1]
    if _write(view, None, [Verdict(last.text.text_id, last.before)]) is not None:
        visit.done.pop()
        visit.texts.insert(0, last.text)


def _table(view: View, visit: _Visit, queue: Queue) -> None:
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
        before = _write(view, queue, verdicts)
        if before is not None:
            old = {one.text_id: (one, line) for one, line in zip(shown, lines, strict=True)}
            for verdict in verdicts:
                text, line = old[verdict.text_id]
                held = before.get(verdict.text_id)
                visit.done.append(_Done(text, line.text[:80], held, line.class_name, str(verdict.new_class)))
            said = {verdict.text_id for verdict in verdicts}
            visit.texts = [one for one in visit.texts if one.text_id not in said]
        st.rerun()
    if problem := st.session_state.pop("review_problem", None):
        st.error(sentence(problem))


def _said(view: View, visit: _Visit, is_table: bool) -> None:
    st.divider()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Said in this visit")
        if not visit.done:
            st.caption(f"Nothing yet. What you say is kept under the name {label(who())}.")
        else:
            _last_ones(view, visit)
        if is_table or not visit.texts:
            _offer_undo(view, visit)
    with right:
        st.header("Result files")
        _results(view.prompt.name)


def _last_ones(view: View, visit: _Visit) -> None:
    last = visit.done[::-1][:_MOST_SAID]
    table = pd.DataFrame(
        {
            "Text": [one.beginning for one in last],
            "Before": [shown_class(one.old_class) for one in last],
            "Now": [one.new_class for one in last],
        }
    )
    chosen = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="single-row", key="review_said",
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
    writer = _writer(prompt)
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
