"""How many texts go into a record: as many as the prompt allows, or fewer where a job would have too few records.

A service takes no job of fewer records than its least (Bedrock: 100), and asks what is less than that on demand, at a higher
price. So 150 texts, ten in a record, are either 15 records on demand or 150 in a job at half the price, each with the
instructions of its own; which of the two costs less is reckoned.
"""

from dataclasses import dataclass, replace

from batch_classifier.inference.interface import Inference, RecordRoom
from batch_classifier.inference.prices import Price
from batch_classifier.inference.token_use import TokenUse, bytes_around
from batch_classifier.prompts.prompt import Prompt

# Where no price is known: what is written costs about five times what is read, and on demand is twice the batch price.
_USUAL, _USUAL_ON_DEMAND = Price(1.0, 5.0), Price(2.0, 10.0)


@dataclass(frozen=True)
class Asked:
    """So many texts of so many bytes that are asked in one batch; a job has at least `fewest_records`."""

    texts: int
    text_bytes: int
    fewest_records: int


def room_of_records(asked: Asked, prompt: Prompt, inference: Inference, use: TokenUse) -> RecordRoom:
    """How much the records of a batch may hold."""
    room = inference.record_room(prompt)
    if asked.texts < asked.fewest_records:
        # Few texts that wait for others are written as they will be sent with these.
        return room if prompt.on_demand == "auto" else replace(room, most_texts=1)
    if room.most_texts == 1 or _records(asked, room) >= asked.fewest_records:
        return room
    for_a_job = replace(room, most_texts=min(room.most_texts, asked.texts // asked.fewest_records))
    if prompt.on_demand == "never":
        return for_a_job
    return min(for_a_job, room, key=lambda one: _cost(asked, one, prompt, inference, use))


def _records(asked: Asked, room: RecordRoom) -> int:
    return -(-asked.texts // room.most_texts)


def _cost(asked: Asked, room: RecordRoom, prompt: Prompt, inference: Inference, use: TokenUse) -> float:
    is_job = _records(asked, room) >= asked.fewest_records
    known = inference.model_price(prompt)
    usual = _USUAL if is_job else _USUAL_ON_DEMAND
    price = usual if known is None else known.batch if is_job else known.on_demand
    read = asked.text_bytes + bytes_around(prompt, asked.texts, room.most_texts)
    return price.cost(use.read(read), use.written(asked.texts))
