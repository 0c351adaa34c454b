"""What needs a person first: texts without a class, doubtful ones, and a random sample by which it is measured how right the classes are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.selection import Selection, selected
from batch_classifier.warehouse.statuses import FAILURES, Status, in_sql

TEXTS_AT_A_TIME = 25
# Rows that are read for them: several may have the same text.
_ROWS_AT_A_TIME = 200
# Which confidence is low, and from which doubt on a text is doubtful.
_LOW_CONFIDENCE, _HIGH_DOUBT = 0.6, 0.5
# What the column `source` of corrections says of verdicts that were given on the page.
FROM_REVIEW, FROM_SAMPLE = "dashboard", "dashboard, random sample"


class Queue(StrEnum):
    """Kinds of texts that a person is shown."""

    INVALID = "Invalid class"
    UNANSWERED = "Unanswered"
    REPAIRED = "Repaired"
    LOW_CONFIDENCE = "Low confidence"
    HIGH_DOUBT = "High doubt"
    SAMPLE = "Random sample"


_UNANSWERED = [status for status in FAILURES if status is not Status.INVALID_CLASS]
# Which texts a queue has, and which come first. The id of a text is a hash of it, so that the order of ids is by chance, the
# same chance for everybody: whoever goes on with the sample goes on where the last one stopped.
_QUEUES = {
    Queue.INVALID: (f"one.status in {in_sql([Status.INVALID_CLASS])}", 'one."day" desc nulls last'),
    Queue.UNANSWERED: (f"one.status in {in_sql(_UNANSWERED)}", 'one."day" desc nulls last'),
    Queue.REPAIRED: (f"one.status in {in_sql([Status.REPAIRED])}", "one.confidence asc nulls last"),
    Queue.LOW_CONFIDENCE: (f"one.confidence < {_LOW_CONFIDENCE}", "one.confidence asc"),
    Queue.HIGH_DOUBT: (f"one.doubt >= {_HIGH_DOUBT}", "one.doubt desc"),
    Queue.SAMPLE: (f"one.status in {in_sql([Status.CLASSIFIED, Status.REPAIRED])}", "one.text_id"),
}


@dataclass(frozen=True)
class Waiting:
    """A text that waits for a person: one of the rows that have it."""

    request_file: str
    row_number: int
    text_id: str


def waiting_counts(tables: PromptTables, selection: Selection) -> Mapping[Queue, int]:
    """How many rows wait in each queue; of those that a person has spoken of already none does. Raises ClassifierError."""
    counts = ", ".join(
        f"count_if(coalesce({condition}, false)) as queue_{place}"
        for place, (condition, _) in enumerate(_QUEUES.values())
    )
    (row,) = tables.query(f"select {counts} from {_open(tables, selection)}")
    # Where no row is open there is nothing to count, and both warehouses say null.
    return {queue: int(row[f"queue_{place}"] or 0) for place, queue in enumerate(_QUEUES)}


def waiting(tables: PromptTables, selection: Selection, queue: Queue, skipped: Sequence[str] = ()) -> list[Waiting]:
    """The first texts of a queue, without those of these text ids; raises ClassifierError."""
    condition, order = _QUEUES[queue]
    rows = tables.query(
        f"""select one.request_file, one.row_number, one.text_id from {_open(tables, selection)}
        where {condition} order by {order}, one.text_id limit {_ROWS_AT_A_TIME + len(skipped)}"""
    )
    found: dict[str, Waiting] = {}
    for row in rows:
        if row["text_id"] not in skipped:
            found.setdefault(row["text_id"], Waiting(row["request_file"], int(row["row_number"]), row["text_id"]))
    return list(found.values())[:TEXTS_AT_A_TIME]


def _open(tables: PromptTables, selection: Selection) -> str:
    columns = ", ".join(
        f"one.{name}" for name in ("request_file", "row_number", "text_id", '"day"', "status", "confidence", "doubt")
    )
    return f"""(
        select {columns} from {selected(tables, selection, ["text_id", "confidence"])}
        where one.said_class is null and one.text_id is not null
    ) as one"""
