"""Which texts of a prompt fit none of its categories, and some that do, from the table of classifications."""

from dataclasses import dataclass

import pyarrow as pa

from batch_classifier.discovery.grouping import MOST_TEXTS, READ_CHARACTERS
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.statuses import HOLDING, Status, in_sql
from batch_classifier.warehouse.tables import CLASSIFICATIONS

# What is more doubtful may well be about something else.
_DOUBTFUL = 0.5


@dataclass(frozen=True)
class UnfittingTexts:
    """What a prompt's categories leave over.

    Attributes:
        unfitting: texts that ended in the fallback, got no allowed class, or got one in great doubt.
        fitting: texts that got another class.
        total: how many distinct texts are unfitting, also of those that were not read.
    """

    unfitting: list[str]
    fitting: list[str]
    total: int


def unfitting_texts(warehouse: Warehouse, prompt: Prompt) -> UnfittingTexts:
    """Read them, in bounded memory."""
    fits = (
        f"(status in {in_sql(HOLDING)} and class <> {literal(prompt.fallback.name)} "
        f"and coalesce(doubt, 1 - confidence, 0.0) <= {_DOUBTFUL})"
    )
    is_text = f"text_id is not null and status in {in_sql([*HOLDING, Status.INVALID_CLASS])}"
    table = warehouse.name(prompt.name, CLASSIFICATIONS)
    counted = f"select count(distinct text_id) as texts from {table} where {is_text} and not {fits}"
    return UnfittingTexts(
        unfitting=_some(warehouse, prompt, f"{is_text} and not {fits}"),
        fitting=_some(warehouse, prompt, f"{is_text} and {fits}"),
        total=int(warehouse.query(prompt.name, counted)[0]["texts"]),
    )


def _some(warehouse: Warehouse, prompt: Prompt, condition: str) -> list[str]:
    table = warehouse.name(prompt.name, CLASSIFICATIONS)
    # Which ones is decided by their ids, and so by chance. Ids first, for long texts would have to be sorted with them.
    ids = f"select distinct text_id from {table} where {condition} order by text_id limit {MOST_TEXTS}"
    last = warehouse.query(prompt.name, f"select max(text_id) as last from ({ids}) as chosen")[0]["last"]
    if last is None:
        return []
    texts: dict[str, str] = {}
    cut = f"substr(input_text, 1, {READ_CHARACTERS}) as text"
    sql = f"select text_id, {cut} from {table} where {condition} and text_id <= {literal(last)}"
    with warehouse.stream(prompt.name, sql) as batches:
        for batch in batches:
            _keep(texts, batch)
    return [texts[text_id] for text_id in sorted(texts)]


def _keep(texts: dict[str, str], batch: pa.RecordBatch) -> None:
    for text_id, text in zip(batch["text_id"].to_pylist(), batch["text"].to_pylist(), strict=True):
        texts.setdefault(text_id, text)
