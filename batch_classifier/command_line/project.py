"""The project around a command: settings, prompts and the Dagster instance that keeps its runs."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from batch_classifier.defs.abandoned_runs import end_abandoned_runs
from batch_classifier.defs.project_instance import project_instance
from batch_classifier.errors import ClassifierError


def open_instance() -> dg.DagsterInstance:
    """The project's instance, in which runs that were killed count as ended; raises SettingError where there is none."""
    instance = project_instance()
    show_warnings()
    end_abandoned_runs(instance)
    return instance


@contextmanager
def told_of_shortage() -> Iterator[None]:
    """Turn what a full disk and too little memory do to Dagster into ClassifierErrors; raises them."""
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except OperationalError as error:
        raise ClassifierError(
            f"Dagster cannot keep its records of runs: {error.orig}; the disk or the memory may be full: make room and start again."
        ) from error
    except MemoryError as error:
        raise ClassifierError(
            "There is not enough memory; close other programs and start the same command again."
        ) from error


def show_warnings() -> None:
    """Show on the terminal what the project's modules warn of, as that a run waits for the database."""
    logger = logging.getLogger("batch_classifier")
    if not any(isinstance(handler, _Terminal) for handler in logger.handlers):
        logger.addHandler(_Terminal(logging.WARNING))


class _Terminal(logging.Handler):
    """Prints to what is the standard error stream at the moment; a progress bar puts itself there to keep below."""

    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage(), file=sys.stderr)


def failure_sentence(event: Any) -> str:
    """What to tell of a failed step: a person's mistake in its own words, anything else with its first line."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    first = error.message.strip().splitlines()[0] if error and error.message.strip() else "it failed without a reason"
    return f"{event.step_key}: {first}"


def was_interrupted(result: Any) -> bool:
    """Whether a person interrupted the run: in a step, between two of them, or from the UI."""
    return any(event.event_type is dg.DagsterEventType.RUN_CANCELED for event in result.all_events) or any(
        _is_interrupt(event.step_failure_data if event.is_step_failure else event.job_failure_data)
        for event in result.all_events
        if event.is_step_failure or event.event_type is dg.DagsterEventType.RUN_FAILURE
    )


def _is_interrupt(failure: Any) -> bool:
    error = failure.error
    while error is not None and not _tells_of_interrupt(error):
        error = error.cause
    return error is not None


def _tells_of_interrupt(error: Any) -> bool:
    """Dagster's own error, or what DuckDB makes of any that an interrupt raises while it works on a query."""
    if error.cls_name == "RuntimeError":
        return str(error.message).rstrip().endswith("Query interrupted")
    return str(error.cls_name) == "DagsterExecutionInterruptedError"
