"""When a text is sent, sent again, or not any more: all the rules of it, free of reading, writing and asking.

A text is settled by a fit answer, is asked once more to repair an unfit one, and is sent again as it was where an answer is
missing, `max_attempts` times in all. The texts of a batch that are to be sent go together: as a job, on demand where they are
too few for one, or not now.
"""

from dataclasses import dataclass
from enum import StrEnum

from batch_classifier.inference.interface import Failure, Inference
from batch_classifier.prompts.prompt import Prompt


class Answer(StrEnum):
    """What an attempt brought for one text."""

    FIT = "fit"
    UNFIT = "unfit"  # empty, cut off, or naming none of the prompt's categories
    MISSING = "missing"  # no line, one that cannot be read, or one that tells of an error


class Ending(StrEnum):
    """How the job of an attempt ended, as far as it decides what comes next."""

    MAY_PASS = "may pass"  # noqa: S105 (no password): whatever is missing, another attempt may bring it
    TOO_FEW = "too few"  # the service wants more records in a job; on demand, the texts can be answered all the same
    FOR_GOOD = "for good"  # failed for a reason that only a person can mend


class Step(StrEnum):
    """What happens next to a text, or to the texts of a batch that go together."""

    SETTLED = "settled"
    REPAIR = "repair"  # ask again, with what was wrong with the answer
    SEND_AGAIN = "send again"  # as it was
    SEND = "send"  # as a job
    ANSWER_ON_DEMAND = "answer on demand"
    WAIT_FOR_PLACE = "wait for a place"
    HOLD_BACK = "hold back"  # until the texts of other files make it enough for a job
    TELL = "tell"  # a person has to do something first
    GIVE_UP = "give up"


@dataclass(frozen=True)
class Rules:
    """What bounds the attempts at a prompt's texts: how often a text is sent, and how few texts make a job."""

    max_attempts: int
    minimum_records: int
    may_ask_on_demand: bool

    @classmethod
    def of(cls, prompt: Prompt, inference: Inference) -> "Rules":
        """The rules for a prompt at a service."""
        return cls(prompt.max_attempts, inference.minimum_records, prompt.on_demand == "auto")


@dataclass(frozen=True)
class LastAttempt:
    """What is known of the newest attempt, whose job is over.

    Attributes:
        counted: how many of the attempts so far count, this one included; those that failed for good, or for their few
            records, were not tries of the model, and do not.
        was_told: whether an earlier run has told a person of this failure; that the file runs again says it is mended.
    """

    ending: Ending = Ending.MAY_PASS
    counted: int = 1
    was_told: bool = False


def ending_of(failure: Failure | None, rules: Rules) -> Ending:
    """How a job that is over ended; `failure` is what its service says of it, None where it did not fail."""
    if advice_on_failure(failure, rules) is not None:
        return Ending.FOR_GOOD
    return Ending.TOO_FEW if failure is not None and failure.has_too_few else Ending.MAY_PASS


def advice_on_failure(failure: Failure | None, rules: Rules) -> str | None:
    """What a person can do about a job that failed for good; None for any other job."""
    if failure is None:
        return None
    if failure.has_too_few and not rules.may_ask_on_demand:
        return "put more texts into one file, or take on_demand: never out of the prompt"
    return failure.advice


def next_of_text(answer: Answer, was_repaired: bool, last: LastAttempt, rules: Rules) -> Step:
    """What happens next to one text that the last attempt asked: SETTLED, REPAIR, SEND_AGAIN or GIVE_UP.

    `was_repaired`: whether it has been asked for a repair before.
    """
    if answer is Answer.FIT:
        return Step.SETTLED
    if answer is Answer.UNFIT:
        return Step.GIVE_UP if was_repaired else Step.REPAIR
    is_new_start = last.ending is Ending.FOR_GOOD
    return Step.SEND_AGAIN if is_new_start or last.counted < rules.max_attempts else Step.GIVE_UP


def next_of_batch(records: int, last: LastAttempt | None, rules: Rules, has_place: bool = True) -> Step:
    """What happens next to the texts of a batch that are to be sent together, as so many records; `last` is None before the first attempt.

    SETTLED says that there are none. `has_place`: whether the service takes one more job now.
    """
    ending = last.ending if last is not None else None
    if last is not None and ending is Ending.FOR_GOOD and not last.was_told:
        return Step.TELL
    if not records:
        return Step.SETTLED
    is_small = records < rules.minimum_records
    if rules.may_ask_on_demand and (is_small or ending is Ending.TOO_FEW):
        return Step.ANSWER_ON_DEMAND
    if is_small:
        # Only a batch that was never sent is joined by the texts of later files.
        return Step.HOLD_BACK if last is None else Step.GIVE_UP
    return Step.SEND if has_place else Step.WAIT_FOR_PLACE


def stay_together(texts: int, records: int, rules: Rules) -> bool:
    """Whether so many texts are sent again as so many records, as far as they were together; else each goes alone.

    Where nothing may be asked on demand, alone they may be enough for a job that together they are not.
    """
    return records >= rules.minimum_records or rules.may_ask_on_demand or texts < rules.minimum_records
