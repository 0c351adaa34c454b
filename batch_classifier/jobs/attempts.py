"""What an attempt at a batch came to, text by text, and the file of the next one: what failed again, what was unfit as a repair."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from batch_classifier.answers.answer_files import Answers
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.questions import repair_question
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import output_files

_QUOTED_CHARACTERS = 200


@dataclass
class Outcome:
    """The answers of one attempt: ids of texts that are settled, and for unfit ones what was wrong with their answer."""

    settled: set[str] = field(default_factory=set)
    unfit: dict[str, str] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0


def read_outcome(folder: Folder, output_key: str, prompt: Prompt) -> Outcome:
    """Read all answers of an attempt. A text with several answers is settled when one of them is fit."""
    outcome = Outcome()
    for key in output_files(folder, output_key):
        with folder.read(key) as file:
            for batch in Answers(file, prompt):
                for row in batch.select(
                    ["text_id", "status", "raw_class", "input_tokens", "output_tokens"]
                ).to_pylist():
                    outcome.input_tokens += row["input_tokens"]
                    outcome.output_tokens += row["output_tokens"]
                    if row["status"] in ("classified", "repaired"):
                        outcome.settled.add(row["text_id"])
                    elif row["status"] == "invalid_class":
                        outcome.unfit[row["text_id"]] = _what_was_wrong(row["raw_class"])
                    elif row["status"] == "no_answer":
                        outcome.unfit[row["text_id"]] = "It was empty, or it was cut off before it named a category."
    return outcome


def _what_was_wrong(raw_class: str | None) -> str:
    if not raw_class:
        return "It did not name a category in the form that was asked for."
    quoted = " ".join(raw_class.split())[:_QUOTED_CHARACTERS]
    return f"It named “{quoted}”, which is not one of the categories."


def write_next_attempt(
    folder: Folder,
    batch_key: str,
    key: str,
    open_texts: dict[str, str | None],
    prompt: Prompt,
    inference: Inference,
) -> None:
    """Write the texts that are still open as a file of their own: as they were, or with what was wrong with their answer."""
    form = inference.record_form(prompt)
    with folder.spool() as path:
        with folder.read(batch_key) as lines, path.open("wb") as out:
            for line in lines:
                stripped = line.rstrip(b"\r\n")
                if not stripped:
                    continue
                text_id, text = form.read(stripped)
                if text_id in open_texts:
                    fault = open_texts[text_id]
                    out.write(
                        stripped + b"\n" if fault is None else _repair_line(inference, prompt, text_id, text, fault)
                    )
        folder.publish(path, key)


def _repair_line(inference: Inference, prompt: Prompt, text_id: str, text: str, fault: str) -> bytes:
    record = {"recordId": text_id, "modelInput": inference.model_input(prompt, repair_question(prompt, text, fault))}
    return orjson.dumps(record) + b"\n"


def still_open(
    asked: Iterable[str], outcome: Outcome, was_repaired: set[str], may_send_again: bool
) -> dict[str, str | None]:
    """Which of the texts asked need one more attempt: None for one to send as it was, else what was wrong with its answer.

    An unfit answer is repaired once; a text without an answer is sent again while it may be.
    """
    open_texts: dict[str, str | None] = {}
    for text_id in asked:
        if text_id in outcome.settled:
            continue
        fault = outcome.unfit.get(text_id)
        if fault is not None:
            if text_id not in was_repaired:
                open_texts[text_id] = fault
        elif may_send_again:
            open_texts[text_id] = None
    return open_texts
