"""A person's visit to the page Review: the texts before them, what they say, and how that is written."""

import datetime
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from batch_classifier.corrections.saying import Verdict, say
from batch_classifier.dashboard.child_commands import ResultsWriter
from batch_classifier.dashboard.filters import View
from batch_classifier.dashboard.frame import who
from batch_classifier.dashboard.project import ask, writing
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.review import FROM_REVIEW, FROM_SAMPLE, Queue, Waiting, waiting, waiting_counts
from batch_classifier.insights.texts import WholeText, whole_text
from batch_classifier.prompts.prompt import Prompt

_SECONDS_COUNTED = 60.0


@dataclass(frozen=True)
class Done:
    """A verdict of this visit, and what undoes it."""

    text: Waiting
    beginning: str
    before: str | None
    old_class: str | None
    new_class: str


@dataclass(frozen=True)
class Given:
    """A verdict that is not written yet, or one that takes another one back: the next text is shown first."""

    prompt: Prompt
    queue: Queue | None
    text: Waiting
    verdict: Verdict
    beginning: str
    old_class: str | None
    takes_back: Done | None = None


@dataclass
class Visit:
    """What a person has before them: the texts that wait, and what was said of the last ones.

    Attributes:
        mark: the queue and the selection that the texts were found for.
        counts: how many texts wait in each queue, with what they were counted for, and when (`counts_of`).
        read: the text that is shown, the one that comes next, and the one before.
    """

    mark: object = None
    texts: list[Waiting] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    counts: tuple[object, float, Mapping[Queue, int]] | None = None
    read: dict[Waiting, WholeText] = field(default_factory=dict)


@st.cache_resource(show_spinner=False)
def results_writer(prompt: str) -> ResultsWriter:
    """Has the result files of a prompt written anew, for all who review."""
    return ResultsWriter(prompt)


def counts_of(view: View, visit: Visit) -> Mapping[Queue, int]:
    """How many texts wait in each queue: counted anew when the selection changes, at the end of what was read, and each minute."""
    mark = (view.prompt.name, view.prompt.content_hash, view.selection)
    known = visit.counts
    if known is None or known[0] != mark or not visit.texts or time.monotonic() - known[1] > _SECONDS_COUNTED:
        known = visit.counts = (mark, time.monotonic(), ask(waiting_counts, view.prompt, view.selection))
    return known[2]


def fill(view: View, visit: Visit, queue: Queue) -> None:
    """Find the next texts, where none is left or another queue is looked at."""
    mark = (view.prompt.name, view.prompt.content_hash, view.selection, queue)
    if visit.mark != mark:
        visit.mark, visit.texts, visit.skipped = mark, [], []
    if not visit.texts:
        visit.texts = list(ask(waiting, view.prompt, view.selection, queue, tuple(visit.skipped)))


def first_text(view: View, visit: Visit) -> WholeText | None:
    """The first text that waits and is still there."""
    while visit.texts:
        whole = read_text(view, visit, visit.texts[0])
        if whole is not None:
            return whole
        visit.texts.pop(0)
    return None


def read_text(view: View, visit: Visit, text: Waiting) -> WholeText | None:
    """The whole text, which may have been read before its turn; None where it is gone."""
    if text not in visit.read:
        whole = ask(whole_text, view.prompt, text.request_file, text.row_number)
        if whole is None:
            return None
        near = [*visit.texts[:1], *(one.text for one in visit.done[-1:])]
        visit.read = {kept: read for kept, read in visit.read.items() if kept in near} | {text: whole}
    return visit.read[text]


def decide(view: View, visit: Visit, queue: Queue, whole: WholeText, name: str) -> None:
    """Take in a verdict; it is written once the next text is shown."""
    if whole.text_id is None:
        return
    line = whole.line
    comment = st.session_state.get("comment") or None
    verdict = Verdict(whole.text_id, name, line.record_id, line.request_file, comment)
    text = Waiting(line.request_file, line.row_number, whole.text_id)
    visit.given.append(Given(view.prompt, queue, text, verdict, whole.text[:80], whole.class_name))
    visit.texts = [one for one in visit.texts if one.text_id != whole.text_id]
    st.session_state["comment"] = ""


def write_given(visit: Visit) -> bool:
    """Write what was said; False, with the text back and the reason on the page, where that cannot be."""
    is_written = True
    while visit.given:
        given = visit.given.pop(0)
        before = write(given.prompt, given.queue, [given.verdict])
        is_written = is_written and before is not None
        if given.takes_back is not None:
            if before is None:
                visit.done.append(given.takes_back)
                visit.texts = [one for one in visit.texts if one != given.text]
        elif before is None:
            visit.texts.insert(0, given.text)
        else:
            held = before.get(given.verdict.text_id)
            visit.done.append(Done(given.text, given.beginning, held, given.old_class, str(given.verdict.new_class)))
    return is_written


def write(prompt: Prompt, queue: Queue | None, verdicts: list[Verdict]) -> dict[str, str | None] | None:
    """What held before of each text; None, with the reason on the page, where nothing could be written."""
    source = FROM_SAMPLE if queue is Queue.SAMPLE else FROM_REVIEW
    try:
        said = say(writing(), prompt, verdicts, who(), datetime.datetime.now(datetime.UTC), source)
    except ClassifierError as error:
        st.session_state["review_problem"] = str(error)
        return None
    results_writer(prompt.name).note(said.correction_set)
    return said.before


def skip(visit: Visit, whole: WholeText) -> None:
    """Leave a text to others."""
    visit.texts = [one for one in visit.texts if one.text_id != whole.text_id]
    if whole.text_id is not None:
        visit.skipped.append(whole.text_id)


def undo(view: View, visit: Visit) -> None:
    """Take the last verdict back, by one more that says what held before; its text comes again."""
    if not visit.done:
        return
    last = visit.done.pop()
    visit.texts.insert(0, last.text)
    verdict = Verdict(last.text.text_id, last.before)
    visit.given.append(Given(view.prompt, None, last.text, verdict, last.beginning, last.old_class, last))


def offer_undo(view: View, visit: Visit) -> None:
    """The button that takes the last verdict back."""
    st.button(
        "Undo",
        shortcut="U",
        width="stretch",
        disabled=not (visit.done or visit.given),
        on_click=undo,
        args=(view, visit),
        key="undo",
    )
