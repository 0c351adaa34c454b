"""`batch-classifier sample` writes rows of any format, or tells what it cannot do."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch_classifier.sample_data.generate import sample_rows
from batch_classifier_tests.support.command_line import run


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "xlsx"])
def test_sample_writes_rows_of_any_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "deeper" / f"calls.{suffix}"
    result = run("sample", "--rows", "20", "--seed", "5", "--output", path)
    assert result.exit_code == 0 and "20" in result.output
    ids = [row["conversation_id"] for row in sample_rows("travel", 20, 5)]
    content = path.read_bytes()
    if suffix == "xlsx":
        found = [row[0] for row in load_workbook(path).active.iter_rows(min_row=2, values_only=True)]
        assert found == ids
    else:
        assert [content.count(f'"{one}"'.encode()) for one in ids] == [1] * 20


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--rows", "5", "--output", "a.pdf"], 1, ".csv"),
        (["--rows", "5", "--output", "a.csv", "--prompt", "nobody"], 1, "travel"),
        (["--rows", "0", "--output", "a.csv"], 2, "--rows"),
        (["--rows", "5"], 2, "--output"),
    ],
)
def test_sample_tells_what_it_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("sample", *arguments)
    assert result.exit_code == code and words in result.output and not list(tmp_path.iterdir())
