"""Commands in processes of their own, as people start them: a kill or an interrupt loses nothing."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.sample_data.generate import write_sample
from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.repository import REPOSITORY


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a file of some thousand rows."""
    folder = tmp_path_factory.mktemp("workplace")
    write_sample("travel", 3_000, 3, folder / "calls.csv")
    made = make_project(folder)
    made.prompt_name = "travel"
    return made


def start(project: Project, file: str, **variables: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "batch_classifier.command_line.main",
        "classify",
        file,
        "--prompt",
        "travel",
        "-f",
        "csv",
    ]
    folder = project.home.parent
    # A shell's background job ignores interrupts; the command must be one that a person can interrupt.
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def begun(project: Project, process: subprocess.Popen[str]) -> None:
    """Wait until the job for the file's texts has begun."""
    jobs = len(list(project.home.glob("local_jobs/*.json")))
    deadline = time.monotonic() + 60
    while len(list(project.home.glob("local_jobs/*.json"))) == jobs:
        assert process.poll() is None and time.monotonic() < deadline, process.stdout and process.stdout.read()
        time.sleep(0.02)


def finished(project: Project, file: str, rows: int) -> None:
    """Start the command and check that it does all there is to do."""
    process = start(project, file)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert f"{rows:,} rows: {rows:,} classified." in output
    sql = "select count(*) as all_rows, count(distinct row_number) as rows from travel.classifications"
    assert project.query(f"{sql} where request_file = '{file}'") == [{"all_rows": rows, "rows": rows}]
    (result,) = project.home.glob(f"output_data/travel/*/{file.replace('.', '_')}.csv")
    with result.open(encoding="utf-8-sig", newline="") as lines:
        assert sum(1 for _ in csv.DictReader(lines)) == rows


@pytest.mark.long
def test_a_command_that_was_killed_is_started_again_and_ends_complete(workplace: Project) -> None:
    process = start(workplace, "calls.csv")
    begun(workplace, process)
    process.kill()
    process.communicate()
    assert not list(workplace.home.glob("internal/**/*.jsonl.out")), "it was killed in the middle"
    finished(workplace, "calls.csv", 3_000)
    assert len(workplace.jsonl_files()) == 1


def test_a_command_that_is_interrupted_says_how_to_come_back(workplace: Project) -> None:
    write_sample("travel", 3_000, 4, workplace.home.parent / "more.csv")
    process = start(workplace, "more.csv")
    begun(workplace, process)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "start the same command again" in output.lower(), output
    assert "Traceback" not in output and "InterruptedError" not in output


def test_a_kill_leaves_no_place_taken_in_the_pool(workplace: Project, tmp_path: Path) -> None:
    """The database's pool has one place; a dead run that keeps it would have every later one wait for ever."""
    write_sample("travel", 500, 5, workplace.home.parent / "held.csv")
    text = (REPOSITORY / "dagster.yaml").read_text(encoding="utf-8").replace("data/dagster", str(tmp_path / "stored"))
    (tmp_path / "dagster.yaml").write_text(text, encoding="utf-8")
    process = start(workplace, "held.csv", DAGSTER_HOME=str(tmp_path))
    instance = dg.DagsterInstance.from_config(str(tmp_path))
    deadline = time.monotonic() + 60
    while not instance.event_log_storage.get_concurrency_info("duckdb").claimed_slots:
        assert process.poll() is None and time.monotonic() < deadline
    process.kill()
    process.communicate()
    assert instance.event_log_storage.get_concurrency_info("duckdb").claimed_slots, (
        "it was killed while it held the place"
    )
    again = start(workplace, "held.csv", DAGSTER_HOME=str(tmp_path))
    try:
        output, _ = again.communicate(timeout=180)
    finally:
        again.kill()
    assert again.returncode == 0 and "500 rows: 500 classified." in output, output
