"""The texts of some rows, out of a stream of all rows: in the order of the file, whole, or an error."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_classifier.batches.texts import TEXTS, chosen_texts


def rows(numbers: list[int], sizes: list[int]) -> Iterator[pa.RecordBatch]:
    """Rows of raw_requests of these numbers, cut into record batches of these sizes."""
    for size in sizes:
        some, numbers = numbers[:size], numbers[size:]
        yield pa.record_batch(
            {
                "row_number": pa.array(some, pa.int64()),
                "text_id": [f"id {number}" for number in some],
                "text": [f"text {number}" for number in some],
            }
        )


def pieces(numbers: list[int], size: int) -> Iterator[pa.Array]:
    """Row numbers in arrays of at most this size."""
    for start in range(0, len(numbers), size):
        yield pa.array(numbers[start : start + size], pa.int64())


@given(
    wanted=st.sets(st.integers(1, 40)),
    cuts=st.lists(st.integers(1, 12), min_size=40, max_size=40),
    size=st.integers(1, 50),
)
def test_the_wanted_rows_come_once_and_in_their_order_however_the_streams_are_cut(
    wanted: set[int], cuts: list[int], size: int
) -> None:
    numbers = sorted(wanted)
    chosen = list(chosen_texts(rows(list(range(1, 41)), cuts), pieces(numbers, size)))
    assert all(batch.schema == TEXTS and batch.num_rows for batch in chosen)
    assert [text for batch in chosen for text in batch["text"].to_pylist()] == [f"text {number}" for number in numbers]
    assert [one for batch in chosen for one in batch["text_id"].to_pylist()] == [f"id {number}" for number in numbers]


@pytest.mark.parametrize(
    ("order", "sizes"), [([2, 1, 3, 4], [4]), ([1, 2, 4, 3], [2, 2]), ([3, 4, 1, 2], [2, 2]), ([1, 2, 4], [3])]
)
def test_rows_in_another_order_or_too_few_of_them_are_an_error_not_another_batch(
    order: list[int], sizes: list[int]
) -> None:
    with pytest.raises(RuntimeError, match="order of the request file"):
        list(chosen_texts(rows(order, sizes), pieces([1, 2, 3, 4], 2)))
