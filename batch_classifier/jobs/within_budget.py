"""What is asked of the budgets before a job is sent: a file's batches all at once, and each later attempt by itself."""

from collections.abc import Callable, Sequence

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.token_use import bytes_around
from batch_classifier.jobs.attempt import Attempt
from batch_classifier.notes.budget import Budget, Send
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.batch import Batch

# A second question says what was wrong with the first answer, and names the categories again.
_LONGER = 1.2


def check_written(batches: Sequence[Batch], request_file: str, budget: Budget | None) -> None:
    """Raise ClassifierError where a budget has kept the batches from being made: with what it says, if it still does."""
    if all(batch.is_written for batch in batches):
        return
    refusal = None if budget is None else budget.refusal(budget.unsent(batches))
    raise ClassifierError(
        refusal
        or f"The batches of {request_file} were not made, for a budget did not cover them then; materialize bedrock_jsonl again, "
        "with what follows it."
    )


def renewing(budget: Budget, on_progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Tell of progress, and let others see that this run is alive."""

    def renew(done: int, total: int) -> None:
        budget.renew()
        on_progress(done, total)

    return renew


def refusal_of_more(budget: Budget, batch: Batch, before: Sequence[Attempt], attempt: Attempt) -> str | None:
    """Why the texts of a batch may not be asked once more; None where they may, and then that is reserved."""
    if not budget.is_needed:
        return None
    for one in before:
        price = one.price(budget.inference)
        spent = 0.0 if price is None else price.cost(one.input_tokens, one.output_tokens)
        budget.committed[f"{batch.name}-{one.number}"] = spent
    price = attempt.price(budget.inference)
    cost = None if price is None else price.cost(*_tokens(budget.prompt, batch, attempt))
    try:
        budget.reserve([Send(batch.name, attempt.number, attempt.request.name, attempt.texts, cost)])
    except ClassifierError as error:
        return str(error)
    return None


def _tokens(prompt: Prompt, batch: Batch, attempt: Attempt) -> tuple[int, int]:
    """About what the texts take that are asked again: each by itself, also where the batch has several a record."""
    share = attempt.texts / batch.records
    read, written = share * batch.estimated_input_tokens, share * batch.estimated_output_tokens
    if batch.records_sent < batch.records and batch.content_bytes:
        in_a_record = -(-batch.records // batch.records_sent)
        more = bytes_around(prompt, attempt.texts) - bytes_around(prompt, attempt.texts, in_a_record)
        read *= 1 + more / (share * batch.content_bytes)
    return round(_LONGER * read), round(_LONGER * written)
