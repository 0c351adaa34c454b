"""All corrections of a prompt, each with what has become of it."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.corrections import correction_states
from batch_classifier.warehouse.interface import Warehouse


class State(StrEnum):
    """What has become of a correction."""

    HOLDS = "holds"
    SUPERSEDED = "superseded"
    """A later one was made for the same text, or this one was withdrawn."""
    WITHDRAWAL = "withdrawal"
    """The last word on its text: the model's class holds again."""
    NO_CATEGORY = "no category any more"
    """The last word, but the prompt has no such category now."""


@dataclass(frozen=True)
class ListedCorrection:
    """A row of the table without its text."""

    correction_set: str
    text_id: str
    record_id: str | None
    request_file: str | None
    old_class: str | None
    new_class: str | None
    who: str | None
    at: datetime.datetime | None
    why: str | None
    state: State


@contextmanager
def listed_corrections(warehouse: Warehouse, prompt: Prompt) -> Iterator[Iterator[ListedCorrection]]:
    """The corrections, the newest set first, as a stream; raises ClassifierError."""
    with warehouse.stream(prompt.name, correction_states(warehouse, prompt.name)) as batches:
        yield (_listed(row, prompt) for batch in batches for row in batch.to_pylist())


def _listed(row: dict[str, Any], prompt: Prompt) -> ListedCorrection:
    return ListedCorrection(
        correction_set=row["correction_set"],
        text_id=row["text_id"],
        record_id=row["record_id"],
        request_file=row["request_file"],
        old_class=row["old_class"],
        new_class=row["new_class"],
        who=row["who"],
        at=row["corrected_at"],
        why=row["why"],
        state=_state(row["later"], row["new_class"], prompt),
    )


def _state(later: int, new_class: str | None, prompt: Prompt) -> State:
    if later:
        return State.SUPERSEDED
    if new_class is None:
        return State.WITHDRAWAL
    return State.HOLDS if new_class in prompt.class_names else State.NO_CATEGORY
