"""The command line: what it writes, what it says, and its exit codes."""

import csv
import datetime
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook
from typer.testing import Result

from batch_classifier.results import result_files
from batch_classifier_tests.support.command_line import make_project, run, told
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.prompt_content import PROMPT
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.support.request_files import file_of

ROWS = [
    {"id": "A", "text": "My flight was moved", "team": "north"},
    {"id": "B", "text": "I was charged twice", "team": "south"},
    {"id": "C", "text": "", "team": "west"},
    {"id": "B", "text": "My flight was moved", "team": "east"},
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project that commands are given in; it is the current folder."""
    folder = tmp_path_factory.mktemp("command_line")
    made = make_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "200")
        yield made


@pytest.fixture(scope="module")
def classified(project: Project) -> Result:
    """The first file, classified."""
    Path("first.csv").write_bytes(file_of(ROWS, ".csv"))
    return run("classify", "first.csv", "--prompt", PROMPT, "--output", "results/here")


def test_classify_ends_with_a_summary(project: Project, classified: Result) -> None:
    assert classified.exit_code == 0, classified.output
    assert "4 rows: 3 classified, 1 rejected." in classified.output
    assert "Rejected: has no text (1 row, the first is row 3)." in classified.output
    assert "2 distinct texts: 2 new" in classified.output
    assert "Travel" in classified.output and "50.0%" in classified.output
    assert "warehouse.duckdb" in classified.output and "results/here" in classified.output.replace("\n", "")


def test_classify_copies_the_results(project: Project, classified: Result) -> None:
    (path,) = Path("results/here").iterdir()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["status"], row["team"]) for row in rows] == [
        ("A", "classified", "north"),
        ("B", "classified", "south"),
        ("C", "rejected", "west"),
        ("B", "classified", "east"),
    ]
    assert [path.name for path in project.home.glob("output_data/tickets/*/*")] == [path.name]


def test_a_run_over_midnight_names_the_files_that_are_there(
    project: Project, classified: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run asks for the day when it begins to write; every later question may be answered with the next one."""
    days = iter(range(1, 32))

    class Clock:
        @staticmethod
        def now() -> datetime.datetime:
            return datetime.datetime(2030, 1, next(days), 12)  # noqa: DTZ001 (the local time)

    monkeypatch.setattr(result_files, "datetime", SimpleNamespace(datetime=Clock))
    told_there = run("classify", "first.csv", "-p", PROMPT)
    monkeypatch.undo()
    written = sorted(path for path in project.home.glob("output_data/tickets/2030-*/*"))
    assert told_there.exit_code == 0 and [path.parent.name for path in written] == ["2030-01-01"] * len(written)
    assert all(str(path) in told_there.output.replace("\n", "") for path in written) and written
    for path in written:
        path.unlink()


def test_classify_again_does_nothing_anew_and_gives_the_format_that_is_wanted(
    project: Project, classified: Result
) -> None:
    batches = project.jsonl_files()
    result = run("classify", "first.csv", "-p", PROMPT, "--format", "json", "--output", "other")
    assert result.exit_code == 0 and "Nothing was classified anew" in result.output
    (path,) = Path("other").iterdir()
    assert path.name == "first.json"
    assert [row["class"] for row in json.loads(path.read_text(encoding="utf-8"))] == [
        "Travel",
        "Billing",
        None,
        "Travel",
    ]
    assert project.jsonl_files() == batches


def test_status_shows_where_each_file_stands(project: Project, classified: Result) -> None:
    Path("empty.csv").write_bytes(b"")
    assert "empty" in told(run("classify", "empty.csv", "--prompt", PROMPT))
    lines = run("status").output.split("\n")
    assert any("first.csv" in line and "finished" in line and " 4 " in line and " 3 " in line for line in lines)
    assert any("empty.csv" in line and "cannot be read: " in line for line in lines)
    assert "first.csv" not in run("status", "--prompt", "travel").output
    assert "'nobody'" in told(run("status", "--prompt", "nobody"))


def test_status_shows_what_is_in_the_folder_that_is_set(
    project: Project, classified: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another home shares this folder's runs, but not its files; a file that nobody has run yet is there all the same."""
    monkeypatch.setenv("BATCH_CLASSIFIER_HOME", str(tmp_path / "another"))
    assert "first.csv" not in run("status").output
    waiting = tmp_path / "another" / "input_data" / PROMPT / "north" / "waiting.csv"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes(file_of(ROWS, ".csv"))
    (line,) = (line for line in run("status").output.split("\n") if ".csv" in line)
    assert "north/waiting.csv" in line and "not read" in line
    (waiting.parent / "linked.csv").symlink_to(tmp_path / "first.csv")
    (waiting.parent / "loop.csv").symlink_to("loop.csv")
    output = run("status").output
    assert "north/waiting.csv" in output and "Passed over: " in output
    assert "north/linked.csv is a link" in output and "north/loop.csv is a link" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv", "--prompt", PROMPT], "nowhere.csv"),
        (["prompts", "--prompt", PROMPT], "folder"),
        (["notes.docx", "--prompt", PROMPT], ".csv"),
        (["rows.csv", "--prompt", "nobody"], "tickets, travel"),
        (["rows.csv", "--prompt", PROMPT, "--format", "pdf"], "csv, json, xlsx"),
        (["rows.csv", "--prompt", PROMPT, "--output", "notes.docx"], "notes.docx"),
        (["columns.csv", "--prompt", PROMPT], "'a', 'b'"),
        (["picture.csv", "--prompt", PROMPT], "PNG"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(project: Project, arguments: list[str], words: str) -> None:
    Path("rows.csv").write_bytes(file_of(ROWS, ".csv"))
    Path("columns.csv").write_bytes(b"a,b\n1,2\n")
    Path("picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    Path("notes.docx").write_bytes(b"PK")
    assert words in told(run("classify", *arguments))


def test_a_file_that_is_dropped_already_is_taken_where_it_is(project: Project) -> None:
    path = project.drop("May 2026/calls.xlsx", ROWS)
    assert run("classify", path, "--prompt", PROMPT, "--format", "xlsx", "--output", "books").exit_code == 0
    assert {row["request_file"] for row in project.rows("classifications")} >= {"May 2026/calls.xlsx"}
    assert not project.path_of("calls.xlsx").exists()
    (book,) = Path("books").rglob("*.xlsx")
    rows = list(load_workbook(book, read_only=True)["Results"].iter_rows(min_row=2, values_only=True))
    assert [row[2] for row in rows] == ["Travel", "Billing", None, "Travel"]


def test_a_copy_goes_to_the_folder_and_nowhere_that_a_link_leads(project: Project, classified: Result) -> None:
    """A folder that others write to may hold links under the names that a copy takes."""
    output, foreign = Path("shared"), Path("foreign.txt")
    output.mkdir()
    foreign.write_text("not ours")
    for name in ("first.csv", ".first.csv.unfinished"):
        (output / name).symlink_to(foreign.absolute())
    result = run("classify", "first.csv", "-p", PROMPT, "--output", output)
    assert result.exit_code == 0, result.output
    assert foreign.read_text() == "not ours"
    copy = output / "first.csv"
    assert not copy.is_symlink() and copy.read_bytes() == Path("results/here/first.csv").read_bytes()
    assert sorted(path.name for path in output.iterdir()) == [".first.csv.unfinished", "first.csv"]


def test_a_copy_that_fails_leaves_nothing_behind_and_says_where_the_result_is(
    project: Project, classified: Result
) -> None:
    output = Path("taken")
    (output / "first.csv" / "in the way").mkdir(parents=True)
    said = told(run("classify", "first.csv", "-p", PROMPT, "--output", output))
    assert "taken/first.csv cannot be written" in said and f"{project.home}/output_data/{PROMPT}/" in said
    assert [path.name for path in output.iterdir()] == ["first.csv"]


@pytest.mark.parametrize("suffix", [pytest.param(".csv", marks=pytest.mark.long), ".csv.gz"])
@pytest.mark.parametrize(
    "letter", [pytest.param("n", marks=pytest.mark.long), pytest.param("é", marks=pytest.mark.long), "漢"]
)
def test_a_name_as_long_as_a_name_may_be_gets_its_result(project: Project, letter: str, suffix: str) -> None:
    """The result's name has the request file's suffix and its own; where that is too long, it is cut and stays distinct."""
    room = 255 - len(suffix) - 1
    names = [letter * (room // len(letter.encode())) + last + suffix for last in "ab"]
    rows = file_of(ROWS, ".csv")
    for name in names:
        Path(name).write_bytes(gzip.compress(rows) if suffix.endswith(".gz") else rows)
        output = f"long{letter}{suffix}"
        result = run("classify", name, "--prompt", PROMPT, "--format", "json", "--output", output)
        assert result.exit_code == 0, result.output
    written = [path.name for path in Path(output).iterdir()]
    assert len(written) == 2 and all(name.startswith(letter * 50) and name.endswith(".json") for name in written)
    assert all(len(name.encode()) <= 255 for name in written)


@pytest.mark.parametrize("option", ["file", "output"])
def test_a_name_that_is_not_utf_8_is_told_before_any_work(project: Project, option: str) -> None:
    foreign = Path(os.fsdecode(b"caf\xe9.csv"))
    foreign.write_bytes(file_of(ROWS, ".csv"))
    try:
        if option == "file":
            said = told(run("classify", foreign, "--prompt", PROMPT))
        else:
            said = told(run("classify", "rows.csv", "--prompt", PROMPT, "--output", foreign))
    finally:
        foreign.unlink()
    assert "caf?.csv" in said and "is not UTF-8 text" in said
    assert not project.path_of(foreign.name).exists()


@pytest.mark.parametrize("option", ["home", "output"])
def test_a_folder_that_cannot_be_written_to_is_told_before_any_work(
    project: Project, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    Path("rows.csv").write_bytes(file_of(ROWS, ".csv"))
    Path("plain file").touch()
    batches = project.jsonl_files()
    if option == "home":
        monkeypatch.setenv("BATCH_CLASSIFIER_HOME", "plain file/data")
        said = told(run("classify", "rows.csv", "--prompt", PROMPT))
    else:
        said = told(run("classify", "rows.csv", "--prompt", PROMPT, "--output", "plain file/results"))
    assert "plain file/" in said and "Not a directory" in said
    assert project.jsonl_files() == batches


@pytest.mark.parametrize("command", [["status"], ["classify", "rows.csv", "--prompt", PROMPT]])
def test_a_disk_that_cannot_be_written_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Dagster's own files lie below `data/` whatever the home is."""
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCH_CLASSIFIER_HOME", "elsewhere")
    Path("rows.csv").write_bytes(file_of(ROWS, ".csv"))
    shutil.rmtree("data")
    Path("data").write_text("no folder")
    assert "data" in told(run(*command))


def test_without_a_prompt_nothing_is_done(project: Project) -> None:
    result = run("classify", "first.csv")
    assert result.exit_code == 2 and "--prompt" in result.output


def test_outside_of_a_project_the_folder_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(tmp_path)
    (tmp_path / "dagster.yaml").unlink()
    (tmp_path / "rows.csv").write_bytes(file_of(ROWS, ".csv"))
    monkeypatch.chdir(tmp_path)
    assert "dagster.yaml" in told(run("classify", "rows.csv", "--prompt", PROMPT))


def test_a_setting_that_cannot_be_used_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_DEPLOYMENT", "moon")
    for command in (["prompts"], ["status"], ["classify", "first.csv", "--prompt", PROMPT]):
        assert "BATCH_CLASSIFIER_DEPLOYMENT" in told(run(*command))


def test_prompts_lists_those_that_are_there(project: Project) -> None:
    result = run("prompts")
    assert result.exit_code == 0
    assert all(name in result.output for name in ("tickets", "travel", "lost_deals", "What a ticket is about"))


@pytest.mark.parametrize(
    ("content", "words"),
    [("categories: []\n", "categories"), ("a: [", "YAML"), ("", "mapping")],
)
def test_prompts_checks_their_files(project: Project, content: str, words: str) -> None:
    """The others are still listed, and the exit code tells a script."""
    path = Path("prompts/broken.yaml")
    path.write_text(content)
    try:
        result = run("prompts")
    finally:
        path.unlink()
    assert words in told(result) and "broken.yaml" in result.output and "lost_deals" in result.output


def test_prompts_checks_models_too(project: Project) -> None:
    text = Path("prompts/tickets.yaml").read_text().replace("anthropic.claude-3-haiku-20240307-v1:0", "acme.model-1")
    path = Path("prompts/unknown_model.yaml")
    path.write_text(text)
    try:
        assert "acme.model-1" in told(run("prompts"))
    finally:
        path.unlink()


@pytest.mark.parametrize(
    "name",
    [
        "\x1b[31mred.csv",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("a\\[/x].csv", "[red]b[/red].csv", ":smile:.csv", "a\nError: b.csv")
        ),
    ],
)
def test_a_file_of_any_name_is_shown_and_moves_no_cursor(tmp_path: Path, name: str) -> None:
    """Neither escape sequences nor the markup of the library that prints tables have a meaning in a name."""
    made = make_project(tmp_path)
    made.drop(name, ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setenv("COLUMNS", "200")
        waiting, done = run("status"), run("classify", made.path_of(name), "--prompt", PROMPT)
        failed = run("classify", f"{name}.nothing", "--prompt", PROMPT)
    for result in (waiting, done, failed):
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert all(one.isprintable() or one == "\n" for one in result.output)
    shown = name.replace("\x1b", "\\x1b").replace("\n", "\\n")
    assert waiting.exit_code == done.exit_code == 0 and shown in waiting.output
    assert shown in told(failed)


# A copy of a result that is killed when half of it is written.
COPY = """
import os, signal, sys
from pathlib import Path
from batch_classifier.command_line import classify
from batch_classifier.file_access import PRIVATE
from batch_classifier.storage.local_folder import LocalFolder

def copy_half(stored, file):
    file.write(stored.read()[:9])
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

classify.shutil.copyfileobj = copy_half
classify._copy(LocalFolder(Path(".")), "first.csv", Path("killed"), PRIVATE)
"""


def test_what_a_killed_command_left_in_the_folder_of_output_is_removed(project: Project, classified: Result) -> None:
    folder = Path("killed")
    folder.mkdir()
    (folder / ".mine.unfinished").touch()
    killed = subprocess.run(
        [sys.executable, "-c", COPY], env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL and len(list(folder.iterdir())) == 2
    result = run("classify", "first.csv", "--prompt", PROMPT, "--output", "killed", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert {path.name for path in folder.iterdir()} == {".mine.unfinished", "first.csv"}
