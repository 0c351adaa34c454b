"""What is asked of the budgets before a job is sent: a file's batches all at once, and each later attempt by itself."""

from collections.abc import Callable, Sequence

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import JobRequest
from batch_classifier.jobs.attempt import Attempt
from batch_classifier.notes.budget import Budget, Send
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.batch import Batch

# A second question says what was wrong with the first answer, and names the categories again.
_LONGER = 1.2


def check_written(batches: Sequence[Batch], prompt: Prompt, request_file: str) -> None:
    """Raise ClassifierError where a budget has kept the batches from being made."""
    if any(not batch.is_written for batch in batches):
        raise ClassifierError(
            f"The batches of {request_file} were not made, for they are over a budget of the prompt {prompt.name}; its check "
            "within_budget on bedrock_jsonl says how to go on. Then materialize bedrock_jsonl again, with what follows it."
        )


def renewing(budget: Budget, on_progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Tell of progress, and let others see that this run is alive."""

    def renew(done: int, total: int) -> None:
        budget.renew()
        on_progress(done, total)

    return renew


def refusal_of_more(budget: Budget, batch: Batch, attempts: Sequence[Attempt], request: JobRequest) -> str | None:
    """Why the texts of a batch may not be asked once more; None where they may, and then that is reserved."""
    if not budget.is_needed:
        return None
    for attempt in attempts:
        if attempt.ending is not None:
            price = budget.inference.price(budget.prompt, attempt.request.records)
            spent = 0.0 if price is None else price.cost(attempt.input_tokens, attempt.output_tokens)
            budget.committed[f"{batch.name}-{attempt.number}"] = spent
    share = _LONGER * request.records / batch.records
    price = budget.inference.price(budget.prompt, 1 if request.on_demand else request.records)
    tokens = (round(share * batch.estimated_input_tokens), round(share * batch.estimated_output_tokens))
    cost = None if price is None else price.cost(*tokens)
    try:
        budget.reserve([Send(batch.name, len(attempts) + 1, request.name, request.records, cost)])
    except ClassifierError as error:
        return str(error)
    return None
