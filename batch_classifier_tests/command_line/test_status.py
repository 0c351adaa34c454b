"""`status`: how the rows of each file ended, why a file could not be read, and what a running Dagster has not loaded yet."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.defs import loaded_prompts
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.support.request_files import file_of

STARTS_WITHIN = 90


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose folder is the current one."""
    made = Project(tmp_path / "data", None, None)  # type: ignore[arg-type]
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    made.set_prompt()
    made.prompts.rename(tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    return made


def run(*arguments: str | Path) -> str:
    """What a command says."""
    return CliRunner().invoke(command_line, [str(argument) for argument in arguments]).output


def line_of(name: str) -> list[str]:
    """The cells of a file's line."""
    (line,) = (line for line in run("status").split("\n") if name in line)
    return [cell.strip() for cell in line.split("│")]


def test_rejected_rows_do_not_count_as_classified(project: Project) -> None:
    project.drop("calls.csv", ["My flight", "", "I was charged", " ", ""])
    run("classify", project.path_of("calls.csv"), "--prompt", project.prompt_name)
    header = next(line for line in run("status").split("\n") if "request file" in line)
    columns = ["prompt", "request file", "rows", "classified", "rejected", "failed", "stands at"]
    assert " ".join(header.replace("┃", " ").split()) == " ".join(columns)
    assert line_of("calls.csv")[1:] == ["calls.csv", "5", "2", "3", "0", "finished"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", marks=pytest.mark.long),
        pytest.param(b"PK\x03\x04 no csv", marks=pytest.mark.long),
        file_of([{"id": "1", "words": "My flight"}], ".csv"),
    ],
)
def test_a_file_that_could_not_be_read_is_shown_with_the_reason(project: Project, content: bytes) -> None:
    path = project.drop("calls.csv", content)
    assert line_of("calls.csv")[-1] == "not read"
    (told,) = (line for line in run("classify", path, "--prompt", project.prompt_name).split("\n") if "Error: " in line)
    reason = told.removeprefix("Error: ")
    assert line_of("calls.csv")[2:] == ["", "", "", "", f"cannot be read: {reason}"]

    project.drop("calls.csv", ["My flight"])
    assert line_of("calls.csv")[-1] == "not read", "that was another content"
    run("classify", path, "--prompt", project.prompt_name)
    assert line_of("calls.csv")[2:] == ["1", "1", "0", "0", "finished"]


def test_a_file_that_was_replaced_by_one_that_cannot_be_read_is_told_beside_its_old_rows(project: Project) -> None:
    path = project.drop("calls.csv", ["My flight"])
    run("classify", path, "--prompt", project.prompt_name)
    project.drop("calls.csv", b"")
    run("classify", path, "--prompt", project.prompt_name)
    *counts, state = line_of("calls.csv")[2:]
    assert counts == ["1", "1", "0", "0"] and state.startswith("cannot be read: ") and "empty" in state


def test_the_reason_outlives_the_runs_that_failed(project: Project) -> None:
    """As when a person has deleted the partition, and the sensor what was left of it."""
    path = project.drop("calls.csv", b"")
    run("classify", path, "--prompt", project.prompt_name)
    told = line_of("calls.csv")
    assert told[-1].startswith("cannot be read: ")
    with dg.DagsterInstance.from_config(".") as instance:
        for failed in instance.get_runs():
            instance.delete_run(failed.run_id)
    assert line_of("calls.csv") == told
    project.drop("calls.csv", b"  ")
    assert line_of("calls.csv")[-1] == "not read", "that was another content"


@pytest.fixture
def running(project: Project) -> Iterator[dg.DagsterInstance]:
    """Dagster's daemon, in a process of its own, until its sensor has told what it loaded."""
    environment = {**os.environ, "DAGSTER_HOME": str(Path.cwd()), "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [Path(sys.executable).with_name("dagster-daemon"), "run", "-w", "workspace.yaml"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as daemon:
        try:
            with dg.DagsterInstance.from_config(".") as instance:
                deadline = time.monotonic() + STARTS_WITHIN
                while loaded_prompts.loaded_prompts(instance) is None and time.monotonic() < deadline:
                    time.sleep(0.5)
                yield instance
        finally:
            daemon.terminate()


@pytest.mark.timeout(200)
def test_prompts_that_a_running_dagster_has_not_loaded_yet_are_told(
    project: Project, running: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two minutes, for Dagster's daemon and its server of definitions start in processes of their own."""
    assert loaded_prompts.loaded_prompts(running) is not None
    assert "Reload definitions" not in run("status")
    prompt = Path("prompts") / f"{project.prompt_name}.yaml"
    prompt.write_text(prompt.read_text().replace("budget_usd: 5.0", "budget_usd: 6.0"))
    shutil.copy(prompt, prompt.with_name("newer.yaml"))
    assert f'newer (new), {project.prompt_name} (changed); press "Reload definitions"' in run("status")
    project.drop("calls.csv", ["My flight"])
    assert "Reload definitions" in run("status"), "also below the table"

    monkeypatch.setattr(loaded_prompts, "_SILENT_SECONDS", -1.0)
    assert "Reload definitions" not in run("status"), "a Dagster that is not there loads them when it starts"


def test_another_sensor_of_that_name_says_nothing_of_prompts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for cursor in (None, "", "17", "[1]", "{}", '{"prompts": 1}', "no json"):
        assert loaded_prompts._prompts_in(cursor) is None
    assert loaded_prompts._prompts_in(loaded_prompts.cursor_of(3, {"a": "1"})) == {"a": "1"}
    assert loaded_prompts.loaded_prompts(dg.DagsterInstance.from_config(".")) is None


def test_why_a_file_is_no_request_file_is_told(project: Project) -> None:
    """Its prompt file cannot be used, or it is a PDF: without a word it would seem to wait."""
    Path("prompts/broken.yaml").write_text("description: 2020-13-45")
    dropped = project.home / "input_data" / "broken" / "a.csv"
    dropped.parent.mkdir(parents=True)
    dropped.write_text("id,text\n1,a\n")
    scan = project.home / "input_data" / project.prompt_name / "scan.pdf"
    scan.parent.mkdir(exist_ok=True)
    scan.write_bytes(b"%PDF-")
    said = run("status")
    assert "Error: prompts/broken.yaml: is not valid YAML" in said
    assert "without a prompt that can be used: broken." in said
    assert f"Not a format that can be read: {project.prompt_name}/scan.pdf." in said


def test_a_changed_prompt_says_what_it_would_ask_again_before_anybody_materializes(project: Project) -> None:
    project.drop("calls.csv", ["My flight", "charged", "My flight", ""])
    run("classify", project.path_of("calls.csv"), "--prompt", project.prompt_name)
    assert "older version" not in run("status") and "older version" not in run("prompts")
    path = Path("prompts", f"{project.prompt_name}.yaml")
    path.write_text(path.read_text().replace("money, bills", "money, invoices"))
    for command in ("status", "prompts"):
        said = run(command)
        assert (
            f"{project.prompt_name}: 1 file was classified by an older version of the prompt; to materialize it again would ask "
            "2 texts anew, of the local engine at no cost (of Bedrock for about 0.0"
        ) in said, said
    run("classify", project.path_of("calls.csv"), "--prompt", project.prompt_name)
    assert "older version" not in run("status")
