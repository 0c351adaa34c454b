"""New file: drop a file, see what it would cost, start, watch it, and take the results away."""

import datetime
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from batch_classifier.dashboard.child_commands import Child, start
from batch_classifier.dashboard.filters import choose_prompt, offer
from batch_classifier.dashboard.left_of_month import is_charged, left_of_month
from batch_classifier.dashboard.plain import label, sentence
from batch_classifier.dashboard.project import customer_folder, settings, writing
from batch_classifier.dashboard.runs import FileRun, instance, is_dagster_running, recent_files, run_of
from batch_classifier.dashboard.uploads import keep_pasted, keep_upload, path_to_classify, put_in_place
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.file_estimate import FileEstimate, estimate_of
from batch_classifier.insights.selection import Selection
from batch_classifier.notes.budget import usd
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.incoming_file import Wish
from batch_classifier.requests.preview import Preview, preview
from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES
from batch_classifier.requests.request_files import input_key
from batch_classifier.wording import counted

_SIGNS = {"waiting": "○", "running": "◐", "done": "●", "failed": "✕", "skipped": "–", "stopped": "✕"}
_MEANINGS = {"text": "the text", "id": "the id", "label": "the expected class", "date": "the day"}
_WISHES = {
    "Keep both: give the new one a name of its own": Wish.BOTH,
    "Replace the other file, with its rows and results": Wish.REPLACE,
}
_MOST_PASTED = 200_000
_SECONDS_BETWEEN_LOOKS = 1.5
# Dagster looks for new files this often.
_DAGSTER_SECONDS = 30


@st.cache_resource(show_spinner=False)
def _children() -> dict[tuple[str, str], Child]:
    """The commands that were started here, by prompt and request file."""
    return {}


def show() -> None:
    """The page."""
    st.title("New file")
    prompt = choose_prompt()
    if prompt is None:
        return
    if (problem := st.session_state.pop("new_file_problem", None)) is not None:
        st.error(sentence(problem))
    try:
        path = _given(prompt)
        if path is not None:
            _before_the_start(prompt, path)
    except ClassifierError as error:
        # What is under way stays on the page.
        st.error(sentence(str(error)))
    st.divider()
    _progress(prompt)


def _given(prompt: Prompt) -> Path | None:
    """The file that was dropped, or the texts that were pasted; None while there is nothing."""
    dropped, pasted = st.tabs(["Drop a file", "Paste texts"])
    with dropped:
        upload = st.file_uploader(
            "A spreadsheet, or another file of texts",
            type=sorted({suffix.rpartition(".")[2] for suffix in SUPPORTED_SUFFIXES}),
            key="upload",
            help=f"Larger files go into the folder input_data/{prompt.name}/ directly.",
        )
        if upload is not None:
            return keep_upload(upload.name, upload.getvalue())
    with pasted, st.form("paste", border=False):
        texts = st.text_area("Texts, one a line", height=160, max_chars=_MOST_PASTED, key="pasted")
        name = st.text_input(
            "Name of the file", f"pasted {datetime.datetime.now().astimezone():%Y-%m-%d %H.%M}", max_chars=100
        )
        if st.form_submit_button("Look at them") or st.session_state.get("pasted_is_looked_at"):
            st.session_state["pasted_is_looked_at"] = bool(texts.strip())
            if texts.strip():
                return keep_pasted(prompt, texts, name)
    return None


def _before_the_start(prompt: Prompt, path: Path) -> None:
    """What the file is, what it would cost, and the button that starts it."""
    limits = settings().limits
    seen = preview(path, prompt, limits)
    st.header("What is in it")
    _columns(prompt, seen)
    table = pd.DataFrame([list(row) for row in seen.rows], columns=_distinct(seen.columns))
    st.dataframe(table, hide_index=True, alt="Table of the first rows of the file")
    if not seen.has_text:
        return
    with st.spinner("Reading the file and estimating its price"):
        made = _estimate(prompt, path)
    _estimated(prompt, made)
    wish = _wish(prompt, path)
    is_over = made.estimate.cost_usd is not None and made.estimate.cost_usd > prompt.budget_usd and is_charged()
    if is_over:
        st.warning(
            f"That is over the budget of {usd(prompt.budget_usd)} USD for one file. The run will stop before anything is sent; "
            "raise budget_usd of the prompt, or split the file."
        )
    st.button("Start", type="primary", on_click=_start, args=(prompt, path, wish))


def _columns(prompt: Prompt, seen: Preview) -> None:
    taken = [f"{_MEANINGS[what]}: **{label(column)}**" for what, column in seen.taken.items() if column is not None]
    st.markdown("Taken for " + ", ".join(taken) + "." if taken else "No column is taken for anything.")
    if not seen.has_text:
        st.error(
            f"The prompt {label(prompt.name)} reads texts from a column called {label(prompt.input.text)}, and the file has none. "
            "Rename the file's column, or choose another prompt."
        )
    if seen.own:
        st.caption("They come back in the results: " + ", ".join(label(name) for name in seen.own[:20]) + ".")


def _distinct(columns: tuple[str, ...]) -> list[str]:
    """A table of Streamlit has no name twice."""
    return [name if columns.index(name) == place else f"{name} ({place + 1})" for place, name in enumerate(columns)]


def _estimate(prompt: Prompt, path: Path) -> FileEstimate:
    mark = (str(path), prompt.content_hash)
    kept = st.session_state.get("estimate")
    if kept is None or kept[0] != mark:
        kept = (mark, estimate_of(settings(), writing(), prompt, path, by_bedrock=False))
        st.session_state["estimate"] = kept
    found: FileEstimate = kept[1]
    return found


def _estimated(prompt: Prompt, made: FileEstimate) -> None:
    with st.container(horizontal=True):
        st.metric("Rows", f"{made.rows:,}", width=150)
        st.metric("Distinct texts", f"{made.texts:,}", width=150)
        st.metric("Answered before", f"{made.answered_before:,}", width=150)
        if not is_charged():
            st.metric("Price", "none", help="The local engine answers, which costs nothing.", width=150)
        elif made.estimate.cost_usd is None:
            st.metric("Price", "unknown", help=made.estimate.price_source, width=150)
        else:
            st.metric("Price, about", f"{usd(made.estimate.cost_usd)} USD", help=made.estimate.basis, width=180)
        if is_charged():
            st.metric("Budget for a file", f"{usd(prompt.budget_usd)} USD", width=180)
        if (left := left_of_month(prompt)) is not None:
            st.metric("Left this month", f"{usd(max(left, 0.0))} USD", width=180)


def _wish(prompt: Prompt, path: Path) -> Wish:
    """What to do where a file of this name is there; nothing takes another's place unasked."""
    found = customer_folder().find(input_key(prompt.name, path.name))
    if found is None:
        return Wish.BOTH
    told = f"A file of the name {label(path.name)} is there already, of {found.modified.astimezone():%Y-%m-%d %H:%M}. The same content is a repeat; of other content:"
    chosen = st.radio(told, list(_WISHES), key="wish")
    return _WISHES[chosen or next(iter(_WISHES))]


def _start(prompt: Prompt, path: Path, wish: Wish) -> None:
    try:
        request_file, named = put_in_place(path, prompt, wish)
        if not is_dagster_running(prompt.name):
            inside = settings().home / input_key(prompt.name, request_file)
            _classify(prompt, request_file, inside if inside.is_file() else named)
    except ClassifierError as error:
        st.session_state["new_file_problem"] = str(error)
        return
    st.session_state["started"] = request_file
    st.session_state["pasted_is_looked_at"] = False
    st.session_state["estimate"] = None


def _classify(prompt: Prompt, request_file: str, path: Path) -> None:
    """Start the command; one for a file at a time."""
    child = _children().get((prompt.name, request_file))
    if child is None or not child.is_running:
        name = f"classify_{prompt.name}_{abs(hash(request_file))}"
        _children()[prompt.name, request_file] = start(["classify", str(path), "--prompt", prompt.name], name)


def _try_again(prompt: Prompt, request_file: str) -> None:
    try:
        path = path_to_classify(prompt, request_file)
        if path is None:
            raise ClassifierError(f"{request_file} cannot be found; drop it again.")
        _classify(prompt, request_file, path)
    except ClassifierError as error:
        st.session_state["new_file_problem"] = str(error)


def _progress(prompt: Prompt) -> None:
    """The files that are under way, also when the page was closed meanwhile."""
    try:
        instance()
    except ClassifierError as error:
        st.caption(sentence(str(error)))
        return
    st.header("Files")
    if any(not is_over for *_, is_over in _files(prompt)):
        _watch(prompt)
    else:
        _draw_files(prompt, is_under_way=False)


@st.fragment(run_every=_SECONDS_BETWEEN_LOOKS)
def _watch(prompt: Prompt) -> None:
    """What is under way is drawn anew all the time, and without downloads: a click would meet a button that is gone."""
    if all(is_over for *_, is_over in _files(prompt)):
        st.rerun()
    _draw_files(prompt, is_under_way=True)


def _files(prompt: Prompt) -> list[tuple[str, FileRun | None, Child | None, bool]]:
    """The newest files, the one that was just started first, and whether anything more comes of each."""
    started = st.session_state.get("started")
    names = list(dict.fromkeys([*([started] if started else []), *recent_files(prompt.name)]))
    found = []
    for name in names:
        run, child = run_of(prompt.name, name), _children().get((prompt.name, name))
        is_over = not child.is_running if child is not None else run is not None and run.is_over
        found.append((name, run, child, is_over))
    return found


def _draw_files(prompt: Prompt, is_under_way: bool) -> None:
    files = _files(prompt)
    if not files:
        st.caption("Nothing was classified here yet.")
    for place, (name, run, child, _) in enumerate(files):
        with st.expander(label(name), expanded=place == 0, icon=_icon(run, child)):
            _one_file(prompt, name, run, child, is_under_way)


def _icon(run: FileRun | None, child: Child | None) -> str:
    if child is not None and child.is_running:
        return ":material/hourglass_top:"
    if child is not None and child.failed:
        return ":material/error:"
    states = {"done": ":material/check_circle:", "failed": ":material/error:", "stopped": ":material/error:"}
    return ":material/hourglass_top:" if run is None else states.get(run.state, ":material/hourglass_top:")


def _one_file(prompt: Prompt, request_file: str, run: FileRun | None, child: Child | None, is_under_way: bool) -> None:
    if child is not None and child.failed:
        st.error(sentence(" ".join(child.errors())))
    elif run is not None and run.problem is not None and (child is None or not child.is_running):
        st.error(sentence(run.problem))
    if run is None:
        st.caption(_before_the_run(prompt, child))
        return
    for step in run.steps:
        rows = f"  {counted(step.rows, 'row')}" if step.rows is not None else ""
        st.text(f"{_SIGNS[step.state]}  {step.name}{rows}")
    if run.state == "done" and run.results and not is_under_way:
        _results(prompt, request_file, run)
    elif run.state == "done" and not run.results:
        st.caption("The texts wait for their job; Dagster goes on with them when it is over.")
    is_stuck = run.state in ("failed", "stopped") and (child is None or not child.is_running)
    if is_stuck and not is_under_way:
        st.button("Try again", key=f"again_{request_file}", on_click=_try_again, args=(prompt, request_file))


def _before_the_run(prompt: Prompt, child: Child | None) -> str:
    if child is not None:
        return "It starts now."
    if is_dagster_running(prompt.name):
        return f"It waits for Dagster, which takes it within {_DAGSTER_SECONDS} seconds."
    return "It waits for Dagster, and none runs any more: start it again, or drop the file here again."


def _results(prompt: Prompt, request_file: str, run: FileRun) -> None:
    with st.container(horizontal=True):
        for format, uri in run.results.items():
            name = uri.rpartition("/")[2]
            st.download_button(
                f"Result as {format.upper()}",
                partial(_content, uri),
                name,
                key=f"result_{request_file}_{format}",
                on_click="ignore",
                type="primary",
            )
        offer("See what it is about", "overview", prompt, Selection(request_files=(request_file,)))


def _content(uri: str) -> bytes:
    folder = customer_folder()
    return folder.read_bytes(folder.key_of(uri)) or b""
