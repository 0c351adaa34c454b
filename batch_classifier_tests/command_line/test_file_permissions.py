"""Files that a command leaves are their owner's alone, or a group's where the setting says so, whatever the umask is."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.errors import SettingError
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.prompt_content import PROMPT
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.support.request_files import file_of


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask that leaves files open to all readers."""
    before = os.umask(0o022)
    yield
    assert os.umask(before) == 0o022, "a command leaves the umask as it was"


def modes(folder: Path) -> dict[str, set[int]]:
    """The permissions of files and of folders below a folder, with its own."""
    found = [folder, *folder.rglob("*")]
    return {
        "files": {stat.S_IMODE(path.lstat().st_mode) for path in found if path.is_file()},
        "folders": {stat.S_IMODE(path.lstat().st_mode) for path in found if path.is_dir()},
    }


@pytest.mark.parametrize(("setting", "expected"), [(None, (0o600, 0o700)), ("0660", (0o660, 0o770))])
def test_everything_in_the_home_has_the_permissions_that_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_umask: None, setting: str | None, expected: tuple[int, int]
) -> None:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    Project(tmp_path, None, None).set_prompt()  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCH_CLASSIFIER_HOME", "home")
    # Dagster's own files lie where dagster.yaml says, which is in the home.
    text = (tmp_path / "dagster.yaml").read_text(encoding="utf-8").replace("data/dagster", "home/dagster")
    (tmp_path / "dagster.yaml").write_text(text, encoding="utf-8")
    if setting is not None:
        monkeypatch.setenv("BATCH_CLASSIFIER_FILE_MODE", setting)
    (tmp_path / "calls.csv").write_bytes(file_of(["My flight was moved", "I was charged twice", ""], ".csv"))
    result = CliRunner().invoke(command_line, ["classify", "calls.csv", "--prompt", PROMPT, "--output", "out"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "home" / "dagster" / "history").is_dir() and (tmp_path / "home" / "warehouse.duckdb").is_file()
    of_dagster = modes(tmp_path / "home" / "dagster")
    # SQLite lets nobody but the owner write what it makes.
    assert of_dagster == {"files": {expected[0] & mode for mode in (0o644, 0o666)}, "folders": {expected[1]}}
    shutil.rmtree(tmp_path / "home" / "dagster")
    assert modes(tmp_path / "home") == {"files": {expected[0]}, "folders": {expected[1]}}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {expected[0]}


def test_a_database_and_its_log_are_private_while_they_are_written(tmp_path: Path, open_umask: None) -> None:
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "warehouse.duckdb"
    warehouse = DuckDBWarehouse(path)
    rows = [
        pa.RecordBatch.from_pylist([{"request_file": "a.csv", "row_number": 1, "text": "a text"}], RAW_REQUESTS.schema)
    ]
    with warehouse.connect() as other, warehouse.connect("tickets") as connection:
        assert modes(path.parent)["files"] == {0o600}
        for _ in range(2):
            # DuckDB removes its log; beside somebody else's unfinished change it makes another, and what is written stays there.
            connection.execute("checkpoint warehouse")
            other.execute("begin")
            other.execute("create or replace table main.own as select 1 as one")
            warehouse.replace_with(connection, "tickets", RAW_REQUESTS, "a.csv", rows)
            seen = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir() if file.is_file()}
            assert seen == {"warehouse.duckdb": 0o600, "warehouse.duckdb.wal": 0o600}
            assert path.with_name("warehouse.duckdb.wal").stat().st_size
            other.execute("commit")
    assert warehouse.query("tickets", "select text from tickets.raw_requests") == [{"text": "a text"}]
    assert [file.name for file in path.parent.iterdir()] == ["warehouse.duckdb"]


def test_a_database_of_an_earlier_version_becomes_private(project: Project) -> None:
    project.classify("a.csv", ["charge"])
    file = project.home / "warehouse.duckdb"
    file.chmod(0o644)
    assert project.rows("classifications")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("value", ["rw", "888", "400", "777", "7", "0o1600"])
def test_permissions_that_cannot_be_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCH_CLASSIFIER_FILE_MODE", value)
    with pytest.raises(SettingError, match=r"FILE_MODE is .*such as 600, 640 or 660"):
        load_settings()


@pytest.mark.parametrize(("value", "mode"), [("600", 0o600), ("0640", 0o640), ("0o660", 0o660), (" 664 ", 0o664)])
def test_permissions_are_those_of_chmod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, mode: int) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCH_CLASSIFIER_FILE_MODE", value)
    assert load_settings().file_access.mode == mode
