"""The suite of loads, small: a few files dropped at once on a real Dagster, with its sensors, daemon and runs."""

from pathlib import Path

import pytest

from benchmarks.load import Load, carry

SECONDS = 240.0


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 60)
def test_every_row_of_many_small_files_is_there(tmp_path: Path) -> None:
    table = carry(Load("small", 3, 20, tmp_path), SECONDS)
    assert "every row is there" in table and "a run costs" in table
    assert all(f"| {role} |" in table for role in ("daemon", "runs", "sensors"))
    log = (tmp_path / "dagster.log").read_text(encoding="utf-8")
    assert "Traceback" not in log and "RUN_FAILURE" not in log
