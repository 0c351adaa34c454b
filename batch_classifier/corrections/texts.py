"""Texts looked up by their ids, a few thousand at a time."""

from collections.abc import Collection
from dataclasses import dataclass

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.tables import RAW_REQUESTS

# A query of Athena has at most 262,144 bytes; an id takes 36 of them.
_IDS_AT_ONCE = 2_000


@dataclass(frozen=True)
class StoredText:
    """A text as it was sent, and the version of the masking that it went through."""

    text: str
    redaction: str | None


class TextsById(dict[str, StoredText]):
    """The texts of these ids that the prompt's request files have."""

    def __init__(self, warehouse: Warehouse, prompt: Prompt, text_ids: Collection[str]) -> None:
        super().__init__()
        ids = sorted(text_ids)
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ", ".join(map(literal, ids[start : start + _IDS_AT_ONCE]))
            sql = f"""
                select text_id, min("text") as input_text, max(redaction) as redaction
                from {warehouse.name(prompt.name, RAW_REQUESTS)} where text_id in ({some}) group by text_id
            """
            with warehouse.stream(prompt.name, sql) as batches:
                for row in (row for batch in batches for row in batch.to_pylist()):
                    self[row["text_id"]] = StoredText(row["input_text"], row["redaction"])
