"""Every rule of when a text is sent, sent again, or not any more: one row each, with its reason."""

import pytest

from batch_classifier.inference.interface import Failure
from batch_classifier.jobs.when_to_send import (
    Answer,
    Ending,
    LastAttempt,
    Rules,
    Step,
    advice_on_failure,
    ending_of,
    next_of_batch,
    next_of_text,
)

AUTO = Rules(max_attempts=3, minimum_records=100, may_ask_on_demand=True)
NEVER = Rules(max_attempts=3, minimum_records=100, may_ask_on_demand=False)
ONCE = Rules(max_attempts=1, minimum_records=100, may_ask_on_demand=True)
OVER = LastAttempt(Ending.MAY_PASS, counted=1)
LAST_ONE = LastAttempt(Ending.MAY_PASS, counted=3)
TOO_FEW = LastAttempt(Ending.TOO_FEW, counted=0)
UNTOLD = LastAttempt(Ending.FOR_GOOD, counted=0, was_told=False)
TOLD = LastAttempt(Ending.FOR_GOOD, counted=0, was_told=True)

# reason: answer, was repaired, last attempt, rules, what happens next
TEXTS = {
    "a fit answer settles it": (Answer.FIT, False, OVER, AUTO, Step.SETTLED),
    "a fit answer to the repair settles it": (Answer.FIT, True, OVER, AUTO, Step.SETTLED),
    "a fit answer counts, however its job ended": (Answer.FIT, False, TOLD, AUTO, Step.SETTLED),
    "a fit answer of the last attempt counts": (Answer.FIT, False, LAST_ONE, AUTO, Step.SETTLED),
    "an unfit answer is repaired": (Answer.UNFIT, False, OVER, AUTO, Step.REPAIR),
    "an unfit answer is repaired once": (Answer.UNFIT, True, OVER, AUTO, Step.GIVE_UP),
    "a repair is no new attempt: max_attempts does not forbid it": (Answer.UNFIT, False, LAST_ONE, AUTO, Step.REPAIR),
    "a repair is allowed where a text is sent but once": (Answer.UNFIT, False, OVER, ONCE, Step.REPAIR),
    "a missing answer, or a record's error, is asked for again": (Answer.MISSING, False, OVER, AUTO, Step.SEND_AGAIN),
    "a repair without an answer is sent again as the text was": (Answer.MISSING, True, OVER, AUTO, Step.SEND_AGAIN),
    "the second of three attempts may be followed by one": (
        Answer.MISSING,
        False,
        LastAttempt(Ending.MAY_PASS, counted=2),
        AUTO,
        Step.SEND_AGAIN,
    ),
    "max_attempts is reached": (Answer.MISSING, False, LAST_ONE, AUTO, Step.GIVE_UP),
    "max_attempts of one is reached at once": (Answer.MISSING, False, OVER, ONCE, Step.GIVE_UP),
    "a job of too few records was no attempt": (Answer.MISSING, False, TOO_FEW, ONCE, Step.SEND_AGAIN),
    "what a person has mended begins anew": (Answer.MISSING, False, TOLD, ONCE, Step.SEND_AGAIN),
    "what a person has mended begins anew, though max_attempts is reached": (
        Answer.MISSING,
        False,
        LastAttempt(Ending.FOR_GOOD, counted=3, was_told=True),
        AUTO,
        Step.SEND_AGAIN,
    ),
}


@pytest.mark.parametrize(("answer", "was_repaired", "last", "rules", "step"), TEXTS.values(), ids=TEXTS.keys())
def test_what_happens_next_to_a_text(
    answer: Answer, was_repaired: bool, last: LastAttempt, rules: Rules, step: Step
) -> None:
    assert next_of_text(answer, was_repaired, last, rules) is step


# reason: texts to be sent, last attempt, rules, whether there is a place, what happens next
BATCHES = {
    "enough texts are a job": (100, None, AUTO, True, Step.SEND),
    "a job waits for a place": (100, None, AUTO, False, Step.WAIT_FOR_PLACE),
    "a job waits for a place where on_demand is never": (100, None, NEVER, False, Step.WAIT_FOR_PLACE),
    "too few for a job are answered on demand": (99, None, AUTO, True, Step.ANSWER_ON_DEMAND),
    "what is answered on demand needs no place": (99, None, AUTO, False, Step.ANSWER_ON_DEMAND),
    "too few for a job are held back where on_demand is never": (99, None, NEVER, True, Step.HOLD_BACK),
    "what is held back needs no place": (99, None, NEVER, False, Step.HOLD_BACK),
    "nothing is left to be sent": (0, OVER, AUTO, True, Step.SETTLED),
    "nothing is left to be sent, whatever is forbidden": (0, OVER, NEVER, False, Step.SETTLED),
    "enough are left for one more job": (100, OVER, AUTO, True, Step.SEND),
    "one more job waits for a place": (100, OVER, NEVER, False, Step.WAIT_FOR_PLACE),
    "few that are left are answered on demand": (1, OVER, AUTO, True, Step.ANSWER_ON_DEMAND),
    "few that are left are given up where on_demand is never": (99, OVER, NEVER, True, Step.GIVE_UP),
    "the service wants more in a job: on demand then": (240, TOO_FEW, AUTO, True, Step.ANSWER_ON_DEMAND),
    "failed for good: a person is told first": (240, UNTOLD, AUTO, True, Step.TELL),
    "failed for good: told, though few texts are open": (1, UNTOLD, NEVER, False, Step.TELL),
    "failed for good: told, though every text has an answer": (0, UNTOLD, AUTO, True, Step.TELL),
    "a person was told before and runs it again": (240, TOLD, AUTO, True, Step.SEND),
    "a person was told of too few, and runs it again": (240, TOLD, NEVER, True, Step.SEND),
    "a person was told, and there is no place": (240, TOLD, AUTO, False, Step.WAIT_FOR_PLACE),
    "a person was told of an error on demand": (30, TOLD, AUTO, True, Step.ANSWER_ON_DEMAND),
    "a person was told, and few are left that nobody may ask": (30, TOLD, NEVER, True, Step.GIVE_UP),
    "a person was told, and every text has an answer": (0, TOLD, NEVER, True, Step.SETTLED),
}


@pytest.mark.parametrize(("texts", "last", "rules", "has_place", "step"), BATCHES.values(), ids=BATCHES.keys())
def test_what_happens_next_to_the_texts_of_a_batch(
    texts: int, last: LastAttempt | None, rules: Rules, has_place: bool, step: Step
) -> None:
    assert next_of_batch(texts, last, rules, has_place) is step


# reason: what the service says of the failure, rules, how the job ended, a part of the advice
ENDINGS = {
    "it did not fail": (None, AUTO, Ending.MAY_PASS, None),
    "it failed for no known reason": (Failure(), AUTO, Ending.MAY_PASS, None),
    "it failed for no known reason where on_demand is never": (Failure(), NEVER, Ending.MAY_PASS, None),
    "a person has to do something": (Failure("correct model.id"), AUTO, Ending.FOR_GOOD, "correct model.id"),
    "a person has to where on_demand is never": (Failure("ask the bank"), NEVER, Ending.FOR_GOOD, "ask the bank"),
    "too few records can be asked on demand": (Failure(has_too_few=True), AUTO, Ending.TOO_FEW, None),
    "too few records cannot where on_demand is never": (
        Failure(has_too_few=True),
        NEVER,
        Ending.FOR_GOOD,
        "put more texts into one file",
    ),
    "too few records, and a person has to do something": (
        Failure("ask the bank", has_too_few=True),
        AUTO,
        Ending.FOR_GOOD,
        "ask the bank",
    ),
}


@pytest.mark.parametrize(("failure", "rules", "ending", "advice"), ENDINGS.values(), ids=ENDINGS.keys())
def test_how_a_job_ended(failure: Failure | None, rules: Rules, ending: Ending, advice: str | None) -> None:
    assert ending_of(failure, rules) is ending
    told = advice_on_failure(failure, rules)
    assert (told is None) if advice is None else (told is not None and advice in told)
