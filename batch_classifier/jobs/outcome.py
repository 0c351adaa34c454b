"""What an attempt at a batch came to, text by text: which answers are fit, and what is wrong with the others."""

from dataclasses import dataclass, field

import pyarrow.compute as pc

from batch_classifier.answers.attempt_answers import AttemptAnswers
from batch_classifier.jobs.reported_tokens import reported_tokens
from batch_classifier.jobs.when_to_send import Answer
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.statuses import HOLDING, Status

_QUOTED_CHARACTERS = 200


@dataclass
class Outcome:
    """The answers of one attempt: ids of texts that are settled, and for unfit ones what was wrong with their answer.

    `left_out` are texts that an answer to several did not tell of as it should: they are asked again alone.
    """

    settled: set[str] = field(default_factory=set)
    unfit: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    input_tokens: int = 0
    output_tokens: int = 0

    def answer_to(self, text_id: str) -> Answer:
        """What there is for a text."""
        if text_id in self.settled:
            return Answer.FIT
        return Answer.UNFIT if text_id in self.unfit else Answer.MISSING


def read_outcome(folder: Folder, output_key: str, prompt: Prompt) -> Outcome:
    """Read all answers of an attempt. A text with several answers is settled when one of them is fit."""
    outcome = Outcome()
    reported = reported_tokens(folder, output_key)
    for batch in AttemptAnswers(folder, output_key, prompt):
        outcome.input_tokens += pc.sum(batch["input_tokens"]).as_py() or 0
        outcome.output_tokens += pc.sum(batch["output_tokens"]).as_py() or 0
        columns = (batch[name].to_pylist() for name in ("text_id", "status", "raw_class", "is_left_out"))
        for text_id, status, raw_class, is_left_out in zip(*columns, strict=True):
            if status in HOLDING:
                outcome.settled.add(text_id)
            elif status == Status.INVALID_CLASS:
                outcome.unfit[text_id] = _what_was_wrong(raw_class)
            elif is_left_out:
                outcome.left_out.add(text_id)
            elif status == Status.NO_ANSWER:
                outcome.unfit[text_id] = "It was empty, or it was cut off before it named a category."
    if reported is not None:
        outcome.input_tokens, outcome.output_tokens = reported
    return outcome


def _what_was_wrong(raw_class: str | None) -> str:
    if not raw_class:
        return "It did not name a category in the form that was asked for."
    quoted = " ".join(raw_class.split())[:_QUOTED_CHARACTERS]
    return f"It named “{quoted}”, which is not one of the categories."
