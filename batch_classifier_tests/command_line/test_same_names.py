"""Two files of one name: none takes the other's place unless a person says so, and none is told the other's rows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from batch_classifier.command_line import classify as command
from batch_classifier.command_line.main import command_line
from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.repository import REPOSITORY

FIRST = "id,text\nA,My flight was moved\nB,I was charged twice\n"
SECOND = "id,text\nX,The hotel was dirty\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project, with two files of one name beside it."""
    monkeypatch.chdir(tmp_path)
    for folder, content in (("d1", FIRST), ("d2", SECOND)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.csv").write_text(content, encoding="utf-8")
    return make_project(tmp_path)


def classify(file: str, *options: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(
        command_line,
        ["classify", file, "--prompt", "tickets", "--format", "json", "--output", "out", *options],
        input=answer,
    )


def ids(name: str = "same") -> list[str]:
    return [row["id"] for row in json.loads(Path("out", f"{name}.json").read_text(encoding="utf-8"))]


def dropped(project: Project) -> set[str]:
    return {file.name for file in (project.home / "input_data" / "tickets").iterdir()}


def test_another_file_of_the_same_name_is_refused_and_the_first_ones_rows_stay(project: Project) -> None:
    assert classify("d1/same.csv").exit_code == 0
    refused = classify("d2/same.csv")
    assert refused.exit_code == 1
    (sentence,) = [line for line in refused.output.split("\n") if line.startswith("Error: ")]
    assert "d2/same.csv" in sentence and "input_data/tickets/same.csv" in sentence
    assert "--replace" in sentence and "rename" in sentence and is_one_sentence(sentence)
    again = classify("d1/same.csv")
    assert again.exit_code == 0 and "Nothing was classified anew" in again.output
    assert ids() == ["A", "B"] and dropped(project) == {"same.csv"}


@pytest.mark.long
def test_the_same_content_under_the_same_name_is_a_repeat(project: Project) -> None:
    shutil.copy("d1/same.csv", "d2/same.csv")
    assert classify("d1/same.csv").exit_code == 0
    repeated = classify("d2/same.csv")
    assert repeated.exit_code == 0 and "Nothing was classified anew" in repeated.output
    assert dropped(project) == {"same.csv"}


def test_replace_says_that_the_new_file_takes_the_place(project: Project) -> None:
    assert classify("d1/same.csv").exit_code == 0
    assert classify("d2/same.csv", "--replace").exit_code == 0
    assert ids() == ["X"]


@pytest.mark.parametrize(
    ("answer", "code"), [("replace\n", 0), pytest.param("both\n", 0, marks=pytest.mark.long), ("\n", 1)]
)
def test_a_person_at_a_terminal_is_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    assert classify("d1/same.csv").exit_code == 0
    monkeypatch.setattr(command, "_is_at_terminal", lambda: True)
    asked = classify("d2/same.csv", answer=answer)
    assert asked.exit_code == code, asked.output
    assert "d2/same.csv" in asked.output and "input_data/tickets/same.csv" in asked.output
    names = dropped(project)
    assert len(names) == (2 if answer == "both\n" else 1)
    if answer == "both\n":
        (beside,) = names - {"same.csv"}
        assert ids(beside.replace(".csv", "")) == ["X"] and ids() == ["A", "B"]
        # The next time it is known under that name, and nobody is asked.
        monkeypatch.setattr(command, "_is_at_terminal", lambda: False)
        assert classify("d2/same.csv").exit_code == 0
        assert dropped(project) == names
    else:
        assert ids() == (["X"] if answer == "replace\n" else ["A", "B"])


@pytest.mark.long
def test_of_two_commands_at_once_one_is_refused_and_the_other_tells_its_own_rows(project: Project) -> None:
    commands = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "batch_classifier.command_line.main", "classify", f"{folder}/same.csv"),
                *("--prompt", "tickets", "--format", "json", "--output", f"out-{folder}"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**project_environment(), "PYTHONPATH": str(REPOSITORY)},
            text=True,
        )
        for folder in ("d1", "d2")
    ]
    output = [one.communicate(timeout=120)[0] for one in commands]
    codes = [one.returncode for one in commands]
    assert sorted(codes) == [0, 1], output
    winner = codes.index(0)
    written = json.loads(Path(f"out-d{winner + 1}", "same.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in written] == [["A", "B"], ["X"]][winner]
    assert "--replace" in output[1 - winner]


def test_a_file_that_is_replaced_while_it_is_classified_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_job = command.run_job

    def replaced_meanwhile(*arguments: object) -> object:
        shutil.copy("d2/same.csv", project.home / "input_data" / "tickets" / "same.csv")
        return run_job(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "run_job", replaced_meanwhile)
    result = classify("d1/same.csv")
    assert result.exit_code == 1 and "was replaced while it was classified" in result.output
    assert not Path("out", "same.json").exists()


def project_environment() -> dict[str, str]:
    """This process's own, without the settings that tests do without."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BATCH_CLASSIFIER_")}
