"""Rows that are kept aside come again as they were."""

from pathlib import Path

import pyarrow as pa

from batch_classifier.warehouse.spooled_rows import SpooledRows


def test_rows_pass_and_come_again_piece_by_piece(tmp_path: Path) -> None:
    batches = [
        pa.record_batch({"text": pa.array(texts, pa.string())})
        for texts in (["a", "\u2028 b\n"], [None], ["c" * 100_000])
    ]
    rows = SpooledRows(tmp_path / "rows.arrow")
    assert list(rows.keep(batches)) == batches
    assert list(rows) == batches == list(rows)


def test_no_rows_are_none(tmp_path: Path) -> None:
    rows = SpooledRows(tmp_path / "rows.arrow")
    assert list(rows.keep([])) == [] and list(rows) == []
