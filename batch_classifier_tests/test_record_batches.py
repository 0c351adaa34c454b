"""The one bound of what passes at once."""

import pyarrow as pa
import pytest

from batch_classifier.record_batches import BYTES_AT_ONCE, ROWS_AT_ONCE, bounded, rows_at_once


def texts(*sizes: int) -> pa.RecordBatch:
    return pa.record_batch([[str(place % 10) * size for place, size in enumerate(sizes)]], names=["text"])


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param([texts(*[10] * 5_000)], id="many short rows"),
        pytest.param([texts(10)] * 5_000, id="rows one by one"),
        pytest.param([texts(*[400_000] * 50)], id="long rows"),
        pytest.param([texts(10, 9_000_000, 10), texts(9_000_000), texts(10)], id="rows above the bound"),
        pytest.param([texts(), texts(5), texts()], id="empty batches"),
        pytest.param([], id="nothing"),
    ],
)
def test_rows_stay_and_pieces_keep_within_the_bound(batches: list[pa.RecordBatch]) -> None:
    pieces = list(bounded(batches))
    assert [row for piece in pieces for row in piece["text"].to_pylist()] == [
        row for batch in batches for row in batch["text"].to_pylist()
    ]
    for piece in pieces:
        assert 0 < piece.num_rows <= ROWS_AT_ONCE
        assert piece.num_rows == 1 or piece.nbytes <= BYTES_AT_ONCE
    # What is short is put together: no more than two pieces where one would do.
    assert (
        len(pieces)
        <= 2
        + 2 * sum(batch.nbytes for batch in batches) // BYTES_AT_ONCE
        + sum(batch.num_rows for batch in batches) // ROWS_AT_ONCE
    )


@pytest.mark.parametrize(
    ("rows", "size", "expected"), [(10, 100, 2_000), (20, 100_000_000, 1), (1_000, 100_000_000, 30), (1, 0, 2_000)]
)
def test_how_many_rows_pass_at_once(rows: int, size: int, expected: int) -> None:
    assert rows_at_once(rows, size) == expected
