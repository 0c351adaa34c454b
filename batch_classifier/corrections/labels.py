"""Corrected texts as labels: what an engine learns from, and what is written out for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.corrections import holding_corrections
from batch_classifier.warehouse.interface import Warehouse, literal

EXPORTED = (
    *("text_id", "id", "request_file", "input_text", "class", "old_class"),
    *("who", "corrected_at", "why"),
)


@dataclass(frozen=True)
class Label:
    """A text whose class a person has said."""

    text_id: str
    text: str
    class_name: str
    old_class: str | None


@contextmanager
def labels(warehouse: Warehouse, prompt: Prompt) -> Iterator[Iterator[Label]]:
    """The corrections that hold, as labels, the newest first: a stream that can be learned from.

    Without those to a category that the prompt no longer has, and those of texts that did not go through its present masking.
    """
    version = prompt.redact.version if prompt.redact is not None else ""
    sql = f"""
        select text_id, input_text, new_class, old_class from ({holding_corrections(warehouse, prompt)}) as held
        where input_text is not null and coalesce(redaction, '') = {literal(version)}
        order by correction_set desc, number
    """
    with warehouse.stream(prompt.name, sql) as batches:
        yield (
            Label(row["text_id"], row["input_text"], row["new_class"], row["old_class"])
            for batch in batches
            for row in batch.to_pylist()
        )


@contextmanager
def exported_rows(warehouse: Warehouse, prompt: Prompt) -> Iterator[Iterator[pa.RecordBatch]]:
    """The corrections that hold, with the columns EXPORTED; such a file can be edited and imported."""
    sql = f"""
        select text_id, record_id as "id", request_file, input_text, new_class as "class", old_class, who, corrected_at, why
        from ({holding_corrections(warehouse, prompt)}) as held order by correction_set, number
    """
    with warehouse.stream(prompt.name, sql) as batches:
        yield batches
