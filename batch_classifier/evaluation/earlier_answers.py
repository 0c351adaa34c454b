"""The team's own answers, lent to the tables of an evaluation: what they have paid for is not asked again."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

import pyarrow as pa

from batch_classifier.evaluation.measurement import BatchTokens
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import answers_to, tokens_of_batches
from batch_classifier.warehouse.tables import CLASSIFICATIONS

# The request file under which they stand in the tables of the evaluation.
LENT = "answered before"
# Ids in one query; Athena takes 256 KB of SQL.
_AT_ONCE = 2_000


def lend_answers(team: Warehouse, own: Warehouse, prompt: Prompt, model_id: str, text_ids: Sequence[str]) -> int:
    """Copy what the team's tables hold of these texts, by this prompt version and model; returns how many rows that were.

    The pipeline then finds them as it finds any answer. Nothing is written to the team's tables, and none is made there.
    """
    if prompt.name not in team.prompts():
        return 0
    return own.replace(prompt.name, CLASSIFICATIONS, LENT, _rows(team, prompt, model_id, text_ids))


def tokens_used(warehouse: Warehouse, prompt: Prompt, batches: Sequence[str]) -> dict[str, BatchTokens]:
    """What the jobs of these batches have used, by batch, as far as the tables know them."""
    if not batches or prompt.name not in warehouse.prompts():
        return {}
    used: dict[str, BatchTokens] = {}
    for some in _some_at_once(batches):
        for row in warehouse.query(prompt.name, tokens_of_batches(warehouse, prompt, some)):
            used[row["batch"]] = BatchTokens(int(row["read"]), int(row["written"]), int(row["texts"]))
    return used


def _rows(team: Warehouse, prompt: Prompt, model_id: str, text_ids: Sequence[str]) -> Iterator[pa.RecordBatch]:
    numbers = count(1)
    for ids in _some_at_once(text_ids):
        with team.stream(prompt.name, answers_to(team, prompt, model_id, ids)) as answers:
            for answer in answers:
                yield _as_lent(answer, numbers)


def _as_lent(answers: pa.RecordBatch, numbers: Iterable[int]) -> pa.RecordBatch:
    """Rows of `classifications` that hold nothing but the answers."""
    size = answers.num_rows
    own = {
        "request_file": pa.repeat(LENT, size),
        # Not those of the team's files, which may be the same for two of them.
        "row_number": pa.array([number for number, _ in zip(numbers, range(size), strict=False)], pa.int64()),
        "cost_usd": pa.repeat(0.0, size),
    }
    given = {name: answers[name] for name in answers.schema.names}
    return pa.record_batch(
        [
            (own | given)[field.name].cast(field.type) if field.name in own | given else pa.nulls(size, field.type)
            for field in CLASSIFICATIONS.schema
        ],
        schema=CLASSIFICATIONS.schema,
    )


def _some_at_once(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
