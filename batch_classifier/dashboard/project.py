"""The project that the dashboard shows: settings, prompts, and questions to the tables, whose answers are kept while nothing changes."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import streamlit as st

from batch_classifier.errors import ClassifierError, DatabaseBusy
from batch_classifier.insights.prompt_tables import PromptTables, know_corrections
from batch_classifier.prompts.loading import PromptFolder, load_prompts, prompt_files
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings, load_settings
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.open_warehouse import open_to_read, open_warehouse

Answer = TypeVar("Answer")

# Answers of Athena are asked for anew after this; those of DuckDB when its file has changed.
_SECONDS_OF_ATHENA = 120
# A page says that it waits after this, and gives up after the other.
_SECONDS_WITHOUT_A_WORD, _LONGEST_WAIT = 1.0, 600.0
_KEPT_ANSWERS, _SECONDS_KEPT = 500, 3_600

_AT_ONCE: ContextVar[ExitStack | None] = ContextVar("at_once", default=None)


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings, as they were when the dashboard was started; raises SettingError."""
    return load_settings()


def prompts() -> PromptFolder:
    """The prompts, as their files say now."""
    folder = settings().prompts
    try:
        marks = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in prompt_files(folder))
    except OSError:
        marks = ()
    return _prompts(str(folder), marks)


@st.cache_resource(show_spinner=False, max_entries=2)
def _prompts(folder: str, marks: tuple[Any, ...]) -> PromptFolder:  # noqa: ARG001 (what it is kept by)
    return load_prompts(settings().prompts)


def customer_folder() -> Folder:
    """Where request files are dropped and results appear."""
    return open_folder(settings().customer_location, settings().kms_key_id, settings().file_access)


@st.cache_resource(show_spinner=False)
def reading() -> Warehouse:
    """The tables, to be read."""
    return open_to_read(settings(), _SECONDS_WITHOUT_A_WORD)


@st.cache_resource(show_spinner=False)
def writing() -> Warehouse:
    """The tables, to be written to: corrections alone."""
    return open_warehouse(settings())


def prompts_with_tables() -> list[str]:
    """The prompts that something was classified with."""
    return _waited_for(lambda: _prompts_with_tables(_stamp()))


@st.cache_data(show_spinner=False, max_entries=4, ttl=_SECONDS_KEPT)
def _prompts_with_tables(stamp: str) -> list[str]:  # noqa: ARG001 (what it is kept by)
    return reading().prompts()


def ask(question: Callable[..., Answer], prompt: Prompt, *arguments: Any) -> Answer:
    """The answer to a question of `insights`, asked once while the tables stay the same; raises ClassifierError.

    While another program writes to the database the page says so, and waits.
    """
    key = (f"{question.__module__}.{question.__qualname__}", prompt.name, prompt.content_hash, _stamp())
    return _waited_for(lambda: cast(Answer, _answered(key, arguments, question, prompt)))


# What begins with an underscore is no part of what an answer is kept by.
@st.cache_data(show_spinner=False, max_entries=_KEPT_ANSWERS, ttl=_SECONDS_KEPT)
def _answered(key: tuple[str, ...], arguments: tuple[Any, ...], _question: Callable[..., Any], _prompt: Prompt) -> Any:
    with _held(_prompt.name):
        return _question(PromptTables(reading(), _prompt, _has_corrections(key[1:], _prompt)), *arguments)


@st.cache_data(show_spinner=False, max_entries=50, ttl=_SECONDS_KEPT)
def _has_corrections(key: tuple[str, ...], _prompt: Prompt) -> bool:  # noqa: ARG001 (what it is kept by)
    return know_corrections(reading(), _prompt).has_corrections


@contextmanager
def questions() -> Iterator[None]:
    """While it lasts, a DuckDB file that was opened for one question stays open for the next ones. Nothing is to be written meanwhile."""
    with ExitStack() as held:
        token = _AT_ONCE.set(held)
        try:
            yield
        finally:
            _AT_ONCE.reset(token)


@contextmanager
def _held(prompt: str) -> Iterator[None]:
    stack = _AT_ONCE.get()
    if stack is None:
        yield
        return
    if not getattr(stack, "is_holding", False):
        stack.enter_context(reading().held(prompt))
        stack.is_holding = True  # type: ignore[attr-defined]
    yield


def _waited_for(asked: Callable[[], Answer]) -> Answer:
    began, notice = time.monotonic(), None
    while True:
        try:
            answer = asked()
        except DatabaseBusy:
            if time.monotonic() - began > _LONGEST_WAIT:
                raise
            if notice is None:
                notice = st.empty()
                notice.info(
                    "A run is writing to the database. This page waits for it and goes on by itself.", icon="⏳"
                )
        else:
            if notice is not None:
                notice.empty()
            return answer


def _stamp() -> str:
    """What changes when the tables may have changed."""
    if settings().warehouse_kind != "duckdb":
        return str(int(time.time() // _SECONDS_OF_ATHENA))
    try:
        there = settings().warehouse_file.stat()
    except OSError:
        return "none"
    return f"{there.st_mtime_ns}-{there.st_size}-{there.st_ino}"


def the_prompt(name: str | None) -> Prompt:
    """A prompt by its name; raises ClassifierError where there is none."""
    if name is None:
        raise ClassifierError("There is no prompt file yet; `batch-classifier init` makes a project with some.")
    return prompts().get(name)
