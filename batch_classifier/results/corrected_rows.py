"""A request file's classifications with the classes that hold: corrections first, and what the model said beside them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.corrections import MODEL_CLASS, corrected_rows
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS

_NEEDED = ("row_number", "class")


@contextmanager
def rows_that_hold(
    warehouse: Warehouse, prompt: Prompt, request_file: str, columns: Sequence[str] | None = None
) -> Iterator[Iterator[pa.RecordBatch]]:
    """The rows in the order of their numbers, with the column `model_class` at the end; one record batch in memory at a time.

    `columns` of classifications are read, by default all; number and class always come with them. Raises ClassifierError.
    """
    wanted = list(dict.fromkeys([*columns, *_NEEDED])) if columns is not None else None
    with (
        warehouse.stream(prompt.name, corrected_rows(warehouse, prompt, request_file)) as corrections,
        warehouse.read(prompt.name, CLASSIFICATIONS, request_file, wanted) as rows,
    ):
        yield with_corrections(rows, corrections)


def with_corrections(rows: Iterable[pa.RecordBatch], corrections: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Put the class of each correction into the row of its number; both come in the order of these numbers."""
    coming = ((row["row_number"], row["new_class"]) for batch in corrections for row in batch.to_pylist())
    waiting = next(coming, None)
    for batch in rows:
        numbers, new = batch["row_number"].to_pylist(), {}
        while waiting is not None and numbers and waiting[0] <= numbers[-1]:
            new[waiting[0]] = waiting[1]
            waiting = next(coming, None)
        yield _corrected(batch, numbers, new)
    if waiting is not None:
        raise ClassifierError(
            f"The classifications have no row {waiting[0]} where a correction was found: they have just been made anew; start again."
        )


def _corrected(batch: pa.RecordBatch, numbers: Sequence[int], new: dict[int, str]) -> pa.RecordBatch:
    if not new:
        return batch.append_column(MODEL_CLASS.arrow_field, pa.nulls(batch.num_rows, MODEL_CLASS.type))
    said = batch["class"].to_pylist()
    holds = [new.get(number, name) for number, name in zip(numbers, said, strict=True)]
    model = [name if number in new else None for number, name in zip(numbers, said, strict=True)]
    place = batch.schema.get_field_index("class")
    corrected = batch.set_column(place, batch.schema.field(place), pa.array(holds, MODEL_CLASS.type))
    return corrected.append_column(MODEL_CLASS.arrow_field, pa.array(model, MODEL_CLASS.type))
