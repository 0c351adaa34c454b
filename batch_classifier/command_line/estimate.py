"""`batch-classifier classify --estimate`: what Bedrock would charge for a file, whoever answers here. Nothing is submitted or kept."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from batch_classifier.batches.bedrock_jsonl import estimator
from batch_classifier.batches.estimate import Estimate
from batch_classifier.batches.learned_tokens import token_use
from batch_classifier.batches.needed_texts import PLACES, NeededTexts
from batch_classifier.batches.packing import Asked, room_of_records
from batch_classifier.batches.unread_batches import UnreadBatches
from batch_classifier.command_line.classify import check_file
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.notes.budget import Budget, Send
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import RawRequests
from batch_classifier.requests.request_files import input_key
from batch_classifier.settings import Settings, load_settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.storage.unfinished import temporary_folder
from batch_classifier.warehouse.batch import NOT_WRITTEN
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.queries import all_answered_texts
from batch_classifier.warehouse.scratch import scratch_database
from batch_classifier.wording import counted

_SAVINGS = {
    "deduplication": "if each row were asked by itself",
    "earlier_answers": "if nothing had been answered before",
    "packing": "if each text were asked by itself",
    "batch": "if everything were asked on demand",
    "any_saving": "without all of these",
}


@dataclass(frozen=True)
class FileEstimate:
    """The estimate for a file, and what its texts are.

    Attributes:
        on_their_way: texts in batches that were made before, for this file or another.
        refusal: why the file would be held back for a budget, and how to go on; None where it would not.
    """

    rows: int
    texts: int
    answered_before: int
    on_their_way: int
    estimate: Estimate
    refusal: str | None


def estimate_file(file: Path, prompt_name: str) -> int:
    """Tell what a file would cost; raises ClassifierError for what is wrong with the file, the prompt or the price file."""
    settings = load_settings()
    prompt = load_prompts(settings.prompts).get(prompt_name)
    check_file(file)
    made = _estimate(settings, prompt, file)
    estimate = made.estimate
    say(
        f"{file.name}: {counted(made.rows, 'row')} with text, {counted(made.texts, 'distinct text')}, of these "
        f"{made.answered_before:,} answered before and {made.on_their_way:,} on their way; "
        f"{estimate.texts:,} to be asked{', on demand' if estimate.way == 'on_demand' else ''}.",
        f"Tokens: about {estimate.input_tokens:,} read and {estimate.output_tokens:,} written ({estimate.basis}).",
    )
    if estimate.cost_usd is None:
        say(f"Price unknown: {estimate.price_source}.")
    else:
        say(f"Cost: about {estimate.cost_usd:,.4f} USD with {prompt.model.id}, by {estimate.price_source}.", "")
        rows = [[told, f"{estimate.without[name]:,.4f}"] for name, told in _SAVINGS.items() if name in estimate.without]
        print_table(["it would be", "USD"], rows, numbers=["USD"])
        say("")
    if made.refusal is not None:
        say(made.refusal)
    say("Nothing was submitted.")
    return 0


def _estimate(settings: Settings, prompt: Prompt, file: Path) -> FileEstimate:
    inference, warehouse = open_inference(settings), open_warehouse(settings)
    is_charged = settings.inference_kind != "local"
    # The local engine's answers spare Bedrock nothing.
    model_id = inference.model_id(prompt) if is_charged else prompt.model.id
    has_tables = prompt.name in warehouse.prompts()
    with temporary_folder() as home, scratch_database() as scratch:
        customer = LocalFolder(home, settings.file_access)
        with customer.spool() as path:
            shutil.copyfile(file, path)
            customer.publish(path, input_key(prompt.name, file.name))
        read = RawRequests(prompt, file.name, customer, settings.limits)
        needed = NeededTexts(scratch, (rows.select(PLACES) for rows in read))
        whole = needed.volume()
        if has_tables:
            with warehouse.stream(prompt.name, all_answered_texts(warehouse, prompt, model_id)) as ids:
                needed.leave_out(ids)
        answered = whole.less(needed.volume())
        if has_tables and is_charged:
            internal = open_folder(settings.internal_location, settings.kms_key_id, settings.file_access)
            UnreadBatches(prompt, file.name, warehouse, inference, internal).share(needed)
        asked = needed.volume()
    use = token_use(warehouse, prompt, model_id)
    least = inference.charged_on_demand_below
    room = room_of_records(Asked(asked.texts, asked.text_bytes, least), prompt, inference, use)
    estimate = estimator(prompt, inference, use).estimate(asked, answered, room.most_texts)
    internal = open_folder(settings.internal_location, settings.kms_key_id, settings.file_access)
    budget = Budget(prompt, file.name, warehouse, inference, internal)
    sends = [Send(NOT_WRITTEN, 1, "", asked.texts, estimate.cost_usd)] if asked.texts else []
    return FileEstimate(
        rows=whole.requests,
        texts=whole.texts,
        answered_before=answered.texts,
        on_their_way=whole.texts - answered.texts - asked.texts,
        estimate=estimate,
        # Where there are no tables, nothing was spent, and none are made for an estimate.
        refusal=budget.refusal(sends) if has_tables and is_charged else budget.over_file_budget(sends),
    )
