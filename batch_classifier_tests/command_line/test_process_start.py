"""What a process of ours imports, and that what was put off still works."""

import gc
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from batch_classifier.command_line.process_start import quick_start
from batch_classifier_tests.support.repository import PROMPTS, REPOSITORY

ROWS = {
    "calls.csv": "id,conversation\n1,I was charged twice\n2,\n3,My flight was moved\n",
    "calls.json": '[{"id": 1, "conversation": "I was charged twice"}, {"conversation": ""}, {"conversation": "My flight was moved"}]',
}
CLASSIFY = """
import sys
from batch_classifier.command_line.main import command_line
try:
    command_line(["classify", sys.argv[1], "--prompt", "travel", "--format", "csv"])
except SystemExit as ended:
    assert not ended.code, ended.code
assert "pandas" not in sys.modules, "the run has imported pandas"

import pyarrow as pa
assert pa.table({"a": [1, 2]}).to_pandas()["a"].sum() == 3
import pandas as pd
assert pa.array(pd.Series([1, 2])).to_pylist() == [1, 2]
assert pa.Table.from_pandas(pd.DataFrame({"a": [1, None]})).num_rows == 2
"""


@pytest.mark.parametrize("name", ["calls.csv", pytest.param("calls.json", marks=pytest.mark.long)])
def test_a_run_needs_no_pandas_and_who_asks_for_it_has_it(tmp_path: Path, name: str) -> None:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    (tmp_path / name).write_text(ROWS[name])
    ended = subprocess.run(
        [sys.executable, "-c", CLASSIFY, name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_collector_is_at_work_after_imports_also_after_a_failed_one() -> None:
    with pytest.raises(ModuleNotFoundError), quick_start():
        assert not gc.isenabled()
        import no_such_module  # noqa: F401
    assert gc.isenabled()
