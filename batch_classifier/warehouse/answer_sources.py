"""Where a request has its answer from: the values of the column `source` of classifications."""

from enum import StrEnum


class AnswerSource(StrEnum):
    """Who or what answered; only what the model was asked for this very file is paid for by it."""

    MODEL = "model"  # asked for this file
    LOCAL_MODEL = "local_model"  # answered in the model's place (docs/cascade.md)
    EARLIER_ANSWER = "earlier_answer"  # asked for another file
    DUPLICATE = "duplicate"  # of a row further up in the same file
