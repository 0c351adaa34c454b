"""A query's rows come whole and in order, also where DuckDB has too little memory in the midst of them."""

from pathlib import Path

import duckdb
import pytest

from batch_classifier.warehouse.duckdb_stream import record_batches

ROWS, TEXTS = 200_000, 5_000
# As the rows of classifications are put in order: long texts, many times each.
SORTED = "select n, s from texts join rows on texts.k = rows.k union all by name select n, null as s from rows where k < 0 order by n"


# With less it fails before the first row; with so much after some, as Arrow's OSError.
@pytest.mark.parametrize("megabytes", [51, 52])
def test_rows_that_passed_when_memory_ran_out_come_once(megabytes: int, tmp_path: Path) -> None:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{megabytes}MB",
        "threads": "1",
        "temp_directory": str(tmp_path),
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("set disabled_optimizers = 'build_side_probe_side,join_order'")
        connection.execute(
            f"create table texts as select i as k, repeat(md5(i::varchar), 10) as s from range({TEXTS}) r(i)"
        )
        connection.execute(
            f"create table rows as select i as n, (hash(i) % {TEXTS})::bigint as k from range({ROWS}) r(i)"
        )
        numbers = [
            number for batch in record_batches(connection, SORTED, is_ordered=True) for number in batch["n"].to_pylist()
        ]
    assert numbers == list(range(ROWS))
