"""How many texts go into a record: as many as the prompt allows, or fewer where a job would have too few records.

A service takes no job of fewer records than its least (Bedrock: 100), and asks what is less than that on demand, at a higher
price. So 150 texts, ten in a record, are either 15 records on demand or 150 in a job at half the price, each with the
instructions of its own; which of the two costs less is reckoned.
"""

from dataclasses import replace

from batch_classifier.inference.interface import Inference, RecordRoom
from batch_classifier.inference.prices import Price, answer_tokens, tokens_of
from batch_classifier.prompts.prompt import Prompt

# Where no price is known: what is written costs about five times what is read, and on demand is twice the batch price.
_USUAL, _USUAL_ON_DEMAND = Price(1.0, 5.0), Price(2.0, 10.0)


def room_of_records(texts: int, text_bytes: int, prompt: Prompt, inference: Inference) -> RecordRoom:
    """How much the records of a batch of so many texts may hold; `text_bytes` are those of all its texts."""
    room = inference.record_room(prompt)
    fewest = inference.minimum_records
    if texts < fewest:
        # Few texts that wait for others are written as they will be sent with these.
        return room if prompt.on_demand == "auto" else replace(room, most_texts=1)
    if room.most_texts == 1 or _records(texts, room.most_texts) >= fewest:
        return room
    for_a_job = replace(room, most_texts=min(room.most_texts, texts // fewest))
    if prompt.on_demand == "never":
        return for_a_job
    return min(for_a_job, room, key=lambda one: _cost(texts, text_bytes, one, prompt, inference))


def _records(texts: int, in_a_record: int) -> int:
    return -(-texts // in_a_record)


def _cost(texts: int, text_bytes: int, room: RecordRoom, prompt: Prompt, inference: Inference) -> float:
    records = _records(texts, room.most_texts)
    is_job = records >= inference.minimum_records
    price = inference.price(prompt, records) or (_USUAL if is_job else _USUAL_ON_DEMAND)
    overhead = inference.record_forms(prompt).of(room.most_texts).overhead
    return price.cost(
        tokens_of(text_bytes + records * overhead, prompt), texts * answer_tokens(prompt, room.most_texts)
    )
