"""What is looked at, chosen at the side of the page and kept in its address, so that a view can be sent to a colleague."""

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from batch_classifier.dashboard.plain import label, shown_class, shown_name
from batch_classifier.dashboard.project import ask, prompts, prompts_with_tables
from batch_classifier.insights.choices import MOST_VALUES, Choices, choices, own_values
from batch_classifier.insights.selection import NO_CLASS, Selection
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.wording import counted

# Days that each period reaches back from the newest row.
_PERIODS = {"All time": None, "7 days": 7, "30 days": 30, "90 days": 90, "Chosen days": 0}
_MOST_FILES = 500
_OWN = "own."
# What is no widget's: the page that a button leads to, and the days that the chosen period comes to.
_NEXT_PAGE, _PERIOD_SHOWN, _CHOICES = "next_page", "period_shown", "choices"
_SECONDS_KEPT = 60.0


@dataclass(frozen=True)
class View:
    """What a page shows: a prompt, what there is of it, and what of that is selected."""

    prompt: Prompt
    choices: Choices
    selection: Selection


def choose_prompt() -> Prompt | None:
    """The prompt chosen at the side; None where there is none that loads."""
    folder = prompts()
    names = sorted(folder.prompts)
    if not names:
        for error in folder.errors:
            st.error(label(str(error), 1_000))
        if not folder.errors:
            st.info(
                "There is no prompt file yet. `batch-classifier init FOLDER` makes a project with two to start from."
            )
        return None
    used = prompts_with_tables()
    first = next((name for name in names if name in used), names[0])
    name = st.sidebar.selectbox(
        "Prompt",
        names,
        index=names.index(first),
        key="prompt",
        bind="query-params",
        persist_state="session",
        help="The task by which texts are classified: one file in the folder of prompts.",
    )
    prompt = folder.prompts[name or first]
    st.sidebar.caption(label(prompt.description, 300))
    return prompt


def choose_view(is_kept: bool = False) -> View | None:
    """The view chosen at the side; None, with what to do instead, where nothing is classified yet.

    With `is_kept` what there is to choose from is not asked for anew after each correction, which changes none of it.
    """
    prompt = choose_prompt()
    if prompt is None:
        return None
    there = _choices(prompt, is_kept)
    if there is None or not there.files:
        nothing_yet(prompt)
        return None
    since, until = _period(there)
    st.session_state[_PERIOD_SHOWN] = (since, until)
    selection = Selection(
        since=since,
        until=until,
        request_files=_several("Request file", "file", [file.request_file for file in there.files[:_MOST_FILES]]),
        classes=_several("Class", "class", [*prompt.class_names, NO_CLASS], shown_class),
        statuses=_several("Status", "status", there.statuses, shown_name),
        sources=_several("Source", "source", there.sources, shown_name) if there.sources else (),
        own=_own(prompt, there),
        expected=_where_asked("Right class", "expected", prompt),
        given=_where_asked("The model's class", "given", prompt),
    )
    return View(prompt, there, selection)


def _choices(prompt: Prompt, is_kept: bool) -> Choices | None:
    kept, at, known = st.session_state.get(_CHOICES, (None, 0.0, None))
    if is_kept and kept == prompt.content_hash and time.monotonic() - at < _SECONDS_KEPT:
        return known  # type: ignore[no-any-return]
    there = ask(choices, prompt) if prompt.name in prompts_with_tables() else None
    st.session_state[_CHOICES] = (prompt.content_hash, time.monotonic(), there)
    return there


def nothing_yet(prompt: Prompt) -> None:
    """What a page shows before there is anything to show."""
    st.info(f"Nothing is classified with the prompt {label(prompt.name)} yet. Drop a file on the page New file.")
    offer("Classify a file", "new_file", prompt, Selection())


def offer(told: str, page: str, prompt: Prompt, selection: Selection, **more: Any) -> None:
    """A button that leads to another page, which shows this selection; `more` is what else is chosen there, by key."""
    key = f"to_{page}_{hash((told, prompt.name, selection, tuple(more.items())))}"
    st.button(told, type="primary", key=key, on_click=_leave_for, args=(page, prompt.name, selection, more))


def chosen_page() -> str | None:
    """The page that a button leads to, once."""
    page = st.session_state.pop(_NEXT_PAGE, None)
    return None if page is None else str(page)


def _leave_for(page: str, prompt: str, selection: Selection, more: dict[str, Any]) -> None:
    """What is bound to the address is changed by its state alone, and before the widgets are drawn."""
    state = st.session_state
    for key in [key for key in state if isinstance(key, str) and key.startswith(_OWN)]:
        state[key] = []
    state["prompt"] = prompt
    if selection.since is not None and selection.until is not None:
        if (selection.since, selection.until) != state.get(_PERIOD_SHOWN):
            state["period"], state["days"] = "Chosen days", (selection.since, selection.until)
    else:
        state["period"] = "All time"
    state["file"], state["class"] = list(selection.request_files), list(selection.classes)
    state["status"], state["source"] = list(selection.statuses), list(selection.sources)
    state["expected"], state["given"] = list(selection.expected), list(selection.given)
    state["own"] = [column for column, _ in selection.own]
    for column, values in selection.own:
        state[f"{_OWN}{column}"] = list(values)
    state.update(more)
    state[_NEXT_PAGE] = page


def _period(there: Choices) -> tuple[datetime.date | None, datetime.date | None]:
    if there.first_day is None or there.last_day is None:
        return None, None
    chosen = st.sidebar.selectbox("Period", list(_PERIODS), key="period", bind="query-params", persist_state="session")
    if chosen == "Chosen days":
        days = st.sidebar.date_input(
            "Days",
            (there.first_day, there.last_day),
            min_value=there.first_day - datetime.timedelta(days=3_660),
            max_value=max(there.last_day, datetime.datetime.now(datetime.UTC).date()),
            format="YYYY-MM-DD",
            key="days",
            bind="query-params",
            persist_state="session",
        )
        ends = list(days) if isinstance(days, tuple) else [days]
        return (ends[0], ends[-1]) if ends else (None, None)
    length = _PERIODS[chosen or "All time"]
    if length is None:
        return None, None
    return there.last_day - datetime.timedelta(days=length - 1), there.last_day


def _several(name: str, key: str, options: Sequence[str], shown: Any = str) -> tuple[str, ...]:
    chosen = st.sidebar.multiselect(
        name,
        list(options),
        format_func=shown,
        key=key,
        bind="query-params",
        persist_state="session",
        placeholder="All",
    )
    return tuple(chosen)


def _where_asked(name: str, key: str, prompt: Prompt) -> tuple[str, ...]:
    """A filter that a cell of the confusion sets, and that is shown as long as it is set."""
    if not st.session_state.get(key) and key not in st.query_params:
        return ()
    return _several(name, key, [*prompt.class_names, NO_CLASS], shown_class)


def _own(prompt: Prompt, there: Choices) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not there.own_columns:
        return ()
    asked = [name.removeprefix(_OWN) for name in st.query_params if name.startswith(_OWN)]
    columns = st.sidebar.multiselect(
        "Own columns",
        list(there.own_columns),
        default=[name for name in asked if name in there.own_columns],
        key="own",
        persist_state="session",
        placeholder="None",
        help=f"Columns of your files to choose by; of each the {counted(MOST_VALUES, 'most frequent value')}.",
    )
    chosen = []
    for column in columns:
        values = _several(label(column), f"{_OWN}{column}", ask(own_values, prompt, column))
        if values:
            chosen.append((column, values))
    return tuple(chosen)
