"""What a file would cost before it is classified: its texts, those that are answered already, and what asking the others takes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from batch_classifier.batches.bedrock_jsonl import estimator
from batch_classifier.batches.estimate import Estimate
from batch_classifier.batches.learned_tokens import token_use
from batch_classifier.batches.needed_texts import PLACES, NeededTexts
from batch_classifier.batches.packing import Asked, room_of_records
from batch_classifier.batches.unread_batches import UnreadBatches
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.notes.budget import Budget, Send
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import RawRequests
from batch_classifier.requests.request_files import input_key
from batch_classifier.settings import Settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.storage.unfinished import temporary_folder
from batch_classifier.warehouse.batch import NOT_WRITTEN
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import all_answered_texts
from batch_classifier.warehouse.scratch import scratch_database


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
    refusal: str | None = None


def estimate_of(
    settings: Settings, warehouse: Warehouse, prompt: Prompt, file: Path, by_bedrock: bool = True
) -> FileEstimate:
    """Read a file and estimate what its texts would cost; raises ClassifierError for one that cannot be read.

    With `by_bedrock` it is what Bedrock would charge, also where the local engine answers here: its answers spare Bedrock nothing.
    """
    inference = open_inference(settings)
    is_charged = settings.inference_kind != "local"
    model_id = inference.model_id(prompt) if is_charged or not by_bedrock else prompt.model.id
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
