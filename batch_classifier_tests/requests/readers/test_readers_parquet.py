"""Parquet files: columns of any type as text."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_classifier_tests.requests.readers.reading import read, read_blocks, refusal


def parquet(table: pa.Table, row_group_size: int | None = None) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content, row_group_size=row_group_size)
    return content.getvalue()


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        (["a", "", None], pa.string(), ["a", "", None]),
        (["a", "b"], pa.large_string(), ["a", "b"]),
        (["a", "b", "a"], pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a"]),
        ([3, -(2**62), None], pa.int64(), ["3", str(-(2**62)), None]),
        ([3.0, 3.5, 1e22, float("nan"), None], pa.float64(), ["3", "3.5", "1" + "0" * 22, None, None]),
        ([True, False, None], pa.bool_(), ["true", "false", None]),
        ([Decimal("3.00"), Decimal("3.50")], pa.decimal128(9, 2), ["3", "3.50"]),
        ([date(2026, 1, 5)], pa.date32(), ["2026-01-05"]),
        ([datetime(2026, 1, 5, 10)], pa.timestamp("ns"), ["2026-01-05T10:00:00"]),  # noqa: DTZ001 (without a zone)
        ([datetime(2026, 1, 5, 10, tzinfo=UTC)], pa.timestamp("ms", "UTC"), ["2026-01-05T10:00:00+00:00"]),
        ([[1, 2], [], None], pa.list_(pa.int64()), ["[1,2]", "[]", None]),
        ([{"x": "é"}], pa.struct({"x": pa.string()}), ['{"x":"é"}']),
        ([b"caf\xc3\xa9", b"\xff"], pa.binary(), ["café", "\ufffd"]),
        ([None, None], pa.null(), [None, None]),
    ],
    ids=str,
)
def test_values_become_text(values: list[object], kind: pa.DataType, texts: list[str | None]) -> None:
    table = pa.table({"key": ["k"] * len(values), "value": pa.array(values, kind)})
    assert [cells["value"] for cells, _ in read(parquet(table), "a.parquet")] == texts


def test_dates_beyond_the_year_9999_are_text_all_the_same() -> None:
    table = pa.table({"key": ["k"], "value": pa.array([2_932_897], pa.int32()).cast(pa.date32())})
    [(cells, _)] = read(parquet(table), "a.parquet")
    assert cells["value"] == "10000-01-01"


def test_text_that_is_not_utf_8_is_replaced() -> None:
    wrong = pa.Array.from_buffers(pa.string(), 2, pa.array([b"a\xff", b"b"]).buffers())
    table = pa.table({"text": wrong})
    assert [cells["text"] for cells, _ in read(parquet(table), "a.parquet")] == ["a\ufffd", "b"]


def test_blank_rows_are_not_counted_and_names_are_unique() -> None:
    table = pa.Table.from_arrays([pa.array(["a", " ", None, "b"]), pa.array([None, "", None, "c"])], [" text ", "text"])
    assert read(parquet(table), "a.parquet") == [
        ({"text": "a", "text_2": None}, None),
        ({"text": "b", "text_2": "c"}, None),
    ]


@pytest.mark.parametrize("row_group_size", [1_000, None])
def test_large_files_come_in_blocks(row_group_size: int | None) -> None:
    table = pa.table({"id": range(5_000), "text": [f"{row} " * 500 for row in range(5_000)]})
    blocks = read_blocks(parquet(table, row_group_size), "a.parquet")
    assert [cell for block in blocks for cell in block.cells.column("id").to_pylist()] == [*map(str, range(5_000))]
    assert max(block.cells.nbytes for block in blocks) < 4_000_000


def test_what_is_no_parquet_is_refused() -> None:
    whole = parquet(pa.table({"text": [f"text {row}" for row in range(1_000)]}))
    for content in (b"", b"id,text\n1,a\n", whole[:-50], whole[:200] + bytes(200) + whole[400:]):
        refusal(content, "a.parquet")
    assert "no data rows" in refusal(parquet(pa.table({"text": pa.array([], pa.string())})), "a.parquet")
