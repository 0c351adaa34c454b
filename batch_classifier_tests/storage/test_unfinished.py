"""What a killed process has left half-written is removed by the next one, and what a live one writes stays."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batch_classifier.storage import unfinished
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.process_mark import ProcessMark
from batch_classifier.storage.unfinished import remove_abandoned, temporary_folder, unfinished_name
from batch_classifier_tests.support.repository import REPOSITORY

# Writes into a folder and where the system keeps temporary files, and is killed or ends by an error there.
WRITER = """
import os, sys
from pathlib import Path
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.unfinished import temporary_folder

with LocalFolder(Path(sys.argv[1])).spool() as path, temporary_folder() as folder:
    path.write_bytes(b"half")
    (folder / "rows").write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""


def left_by_a_killed_process(folder: Path) -> list[Path]:
    """What it leaves in the folder and in the system's."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(folder)}
    killed = subprocess.run([sys.executable, "-c", WRITER, str(folder)], env=environment, check=False)
    assert killed.returncode == -9
    left = [*folder.glob(".unfinished-*"), *folder.glob(".unfinished/*")]
    assert sorted(path.is_dir() for path in left) == [False, True]
    return left


@pytest.fixture
def looking_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has looked nowhere yet."""
    monkeypatch.setattr(unfinished, "_LOOKED_THROUGH", set())


def test_the_next_process_removes_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looking_anew: None
) -> None:
    left = left_by_a_killed_process(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    others = [tmp_path / ".unfinished" / name for name in (".unfinished-0123456789abcdef", "a.csv", unfinished_name())]
    for path in others:
        path.touch()
    with temporary_folder() as folder:
        LocalFolder(tmp_path).write_bytes("a", b"whole")
        assert folder.is_dir() and folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
    assert not any(path.exists() for path in left) and all(path.exists() for path in others)


def test_what_another_host_or_a_live_process_writes_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looking_anew: None
) -> None:
    own = ProcessMark.own()
    marks = [
        replace(own, host="elsewhere", started_at=1.0, after_boot=1.0),
        # The clock has been set since: the start is another by it, but not by the time since the boot.
        replace(own, started_at=own.started_at - 1_000_000),
        replace(own, after_boot=own.after_boot - 1_000_000),
        replace(own, started_at=own.started_at - 1_000_000, after_boot=1.0),
    ]
    names = []
    for mark in marks:
        unfinished._prefix_of.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(ProcessMark, "own", classmethod(lambda cls, mark=mark: mark))
            names.append(unfinished_name())
        (tmp_path / names[-1]).touch()
    unfinished._prefix_of.cache_clear()
    remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names[:3])


def test_what_cannot_be_removed_stops_nobody(tmp_path: Path, looking_anew: None) -> None:
    remove_abandoned(tmp_path / "not there")
    (tmp_path / "plain").touch()
    remove_abandoned(tmp_path / "plain")
