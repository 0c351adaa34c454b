"""Requests and how they ended are put together row by row."""

import pyarrow as pa
import pytest

from batch_classifier.answers.classifications import in_step


def stream(*lengths: int) -> list[pa.RecordBatch]:
    """Numbers from 0 on, in batches of these lengths."""
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    return [
        pa.record_batch({"number": pa.array(range(start, start + length), pa.int64())})
        for start, length in zip(starts, lengths, strict=True)
    ]


@pytest.mark.parametrize(
    ("ones", "others"),
    [((5, 3), (5, 3)), ((8,), (1, 0, 7)), ((3, 3, 2), (4, 4)), ((0, 8), (8, 0)), ((), ())],
)
def test_two_streams_cut_in_their_own_ways_go_in_step(ones: tuple[int, ...], others: tuple[int, ...]) -> None:
    pairs = list(in_step(stream(*ones), stream(*others)))
    assert all(one.equals(other) for one, other in pairs)
    assert [number for one, _ in pairs for number in one["number"].to_pylist()] == list(range(sum(ones)))
