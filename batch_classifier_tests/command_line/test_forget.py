"""`forget`: a record, a file or some words leave every place, also the bytes of what was deleted; the rest stays as it was."""

import csv
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import orjson
import pytest

from batch_classifier.definitions import build_definitions
from batch_classifier.forgetting import forget as forgetting
from batch_classifier.inference.interface import Job, JobState
from batch_classifier.notes.waiting import note_waiting
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.classified_project import classified_project, project_as_it_was
from batch_classifier_tests.support.command_line import run, told
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.request_files import file_of

MARKER = "Quetzalcoatl"
ROWS = [
    {"id": "A", "text": f"{MARKER} said at the counter that my flight was moved", "team": "north"},
    {"id": "B", "text": "I was charged twice for it", "team": "south"},
    {"id": "C", "text": "Somebody has to call me back about the hotel", "team": "west"},
    {"id": "D", "text": "Somebody has to call me back about the hotel", "team": f"of {MARKER}'s"},
    {"id": "E", "text": "", "team": "west"},
]


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a project with one file classified in all formats, and a copy of it as it was then."""
    return classified_project(tmp_path_factory.mktemp("forget") / "work", lambda: classify("calls.csv", ROWS))


@pytest.fixture
def project(classified: tuple[Path, Path]) -> Iterator[Project]:
    """The project as it was."""
    with project_as_it_was(classified, columns=200) as project:
        yield project


def classify(name: str, rows: list[dict[str, str]]) -> None:
    """Classify a file of these rows."""
    Path(name).write_bytes(file_of(rows, ".csv"))
    result = run("classify", name, "--prompt", "tickets", "--replace")
    Path(name).unlink()
    assert result.exit_code == 0, result.output


def holders(home: Path, word: str) -> list[str]:
    """The files below a home that hold a word, but for those that people have dropped: in their bytes, or unpacked."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file() and "input_data" not in path.parts:
            content = path.read_bytes()
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as packed:
                    content = b"".join(packed.read(name) for name in packed.namelist())
            if word.encode() in content:
                found.append(path.relative_to(home).as_posix())
    return found


def ids(project: Project, table: str = "classifications") -> list[str]:
    """The record ids that a table has."""
    return [row["record_id"] for row in project.rows(table)]


def results(project: Project, name: str = "calls") -> tuple[list[str], list[str]]:
    """The ids in the CSV and the JSON file."""
    (path,) = project.home.glob(f"output_data/tickets/*/{name}.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row["id"] for row in csv.DictReader(file)]
    return rows, [row["id"] for row in json.loads(path.with_suffix(".json").read_bytes())]


def audit(project: Project) -> list[dict]:
    """The lines of the audit file."""
    return [orjson.loads(line) for line in (project.home / "forgotten/forgotten.jsonl").read_bytes().splitlines()]


def test_a_word_leaves_every_byte_of_the_home(project: Project) -> None:
    before = holders(project.home, MARKER)
    # What SQLite has not yet moved from its log is beside the file.
    kinds = {Path(name).suffix.removesuffix("-wal") for name in before}
    assert {".duckdb", ".jsonl", ".out", ".csv", ".json", ".xlsx", ".db"} <= kinds, before
    counts = project.rows("category_summary"), project.rows("batch_job")
    result = run("forget", "--text-like", MARKER.lower(), "--yes")
    assert result.exit_code == 0, result.output
    assert holders(project.home, MARKER) == []
    assert ids(project) == ids(project, "raw_requests") == ["B", "C", "E"]
    assert results(project) == (["B", "C", "E"], ["B", "C", "E"])
    assert (project.rows("category_summary"), project.rows("batch_job")) == counts
    assert "still holds it" in result.output and "input_data/tickets/calls.csv" in result.output.replace("\n", "")


def test_what_is_shown_first_names_places_and_no_text(project: Project) -> None:
    result = run("forget", "--text-like", MARKER)
    assert result.exit_code == 1 and "There is nobody to ask; add --yes" in result.output
    assert "tickets.classifications" in result.output and "tickets: batches" in result.output
    assert "A in calls.csv, row 1" in result.output
    assert MARKER not in result.output
    assert ids(project) == ["A", "B", "C", "D", "E"]


def test_a_record_goes_and_a_text_that_another_needs_stays(project: Project) -> None:
    assert run("forget", "--record-id", "D", "--yes").exit_code == 0
    assert ids(project) == ids(project, "raw_requests") == ["A", "B", "C", "E"]
    assert "hotel" in project.jsonl_files()[0].read_text(encoding="utf-8")
    assert run("forget", "--record-id", "C", "--yes").exit_code == 0
    assert holders(project.home, "about the hotel") == []
    assert results(project)[0] == ["A", "B", "E"]


def test_a_rerun_brings_nothing_back_and_asks_nothing_anew(project: Project) -> None:
    run("forget", "--record-id", "A", "--yes")
    batches = project.jsonl_files()
    result = run("classify", "data/input_data/tickets/calls.csv", "--prompt", "tickets")
    assert "0 new" in result.output or "new" not in result.output, result.output
    assert project.jsonl_files() == batches
    first = project.rows("classifications")[0]
    assert (first["record_id"], first["input_text"], first["status"]) == ("1", None, "rejected")
    assert "was forgotten" in first["error"]
    assert len(ids(project)) == len(ROWS)
    assert holders(project.home, f"{MARKER} said") == []


@pytest.mark.long
def test_a_record_with_a_new_text_in_the_same_file_stays_forgotten(project: Project) -> None:
    run("forget", "--record-id", "A", "--yes")
    classify("calls.csv", [{**ROWS[0], "text": f"{MARKER} has called again"}, *ROWS[1:]])
    assert "A" not in ids(project)
    classify("other.csv", [{**ROWS[0], "text": f"{MARKER} has called again"}])
    assert "A" in ids(project), "another file is new data"


def test_a_file_goes_with_its_partition_and_the_sensor_leaves_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch_classifier.requests.request_files.SETTLED_SECONDS", 0.0)
    classify("more.csv", [{"id": "Z", "text": "I was charged twice for it"}])
    result = run("forget", "--file", "calls.csv", "--yes")
    assert result.exit_code == 0, result.output
    assert ids(project) == ids(project, "raw_requests") == ["Z"]
    assert [row["request_file"] for row in project.rows("bedrock_jsonl")] == []
    assert not list(project.home.glob("output_data/tickets/*/calls*"))
    assert holders(project.home, MARKER) == []
    assert project.rows("category_summary", "calls.csv"), "counts stay"
    assert sensor_asks_for() == []
    project.drop("calls.csv", ROWS[1:])
    assert sensor_asks_for() == ["calls.csv"], "with other content it is a new file"


def sensor_asks_for() -> list[str | None]:
    """The files for which the sensor requests a run."""
    definitions = build_definitions(load_settings(), load_prompts(Path("prompts")))
    repository = definitions.get_repository_def()
    with dg.DagsterInstance.from_config(".") as instance:
        with dg.build_sensor_context(
            instance=instance,
            instance_ref=instance.get_ref(),
            repository_def=repository,
            resources=dict(definitions.resources or {}),
        ) as context:
            requests = repository.get_sensor_def("request_files").evaluate_tick(context).run_requests
    return [request.partition_key for request in requests or []]


@pytest.mark.parametrize("place", ["forget_results", "forget_texts", "rows", "reclaim"])
def test_what_is_interrupted_is_finished_by_the_same_command(
    project: Project, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def interrupt(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if place in ("rows", "reclaim"):
            name = "delete_rows" if place == "rows" else "rewrite_file"
            patch.setattr(f"batch_classifier.warehouse.duckdb.{name}", interrupt)
        else:
            patch.setattr(forgetting, place, interrupt)
        assert run("forget", "--text-like", MARKER, "--yes").exit_code != 0
    assert run("forget", "--record-id", "nobody").output.count("was interrupted; start it again") == 1
    result = run("forget", "--text-like", MARKER, "--yes")
    assert result.exit_code == 0 and "An earlier `forget` by this key was interrupted" in result.output
    assert holders(project.home, MARKER) == []
    (line,) = audit(project)
    assert line["counts"]["tickets.classifications"] == 2 and line["counts"]["tickets: result files"] == 6
    assert not list((project.home / "forgotten/pending").iterdir())


def test_the_audit_line_stays_and_holds_no_key(project: Project) -> None:
    run("forget", "--record-id", "A", "--yes")
    run("forget", "--text-like", f"of {MARKER}", "--yes")
    first, second = audit(project)
    assert (first["key"], second["key"]) == ("record-id", "text-like")
    assert first["key_sha256"] == hashlib.sha256(orjson.dumps(["record-id", "A"])).hexdigest()
    assert first["who"] and first["finished_at"] >= first["began_at"]
    assert MARKER.lower() not in json.dumps([first, second]).lower()


def test_what_is_not_there_is_said_and_changes_nothing(project: Project) -> None:
    before = {path: path.read_bytes() for path in project.home.rglob("*.jsonl*")}
    result = run("forget", "--record-id", "nobody", "--yes")
    assert result.exit_code == 0 and "Nothing was found." in result.output
    assert {path: path.read_bytes() for path in project.home.rglob("*.jsonl*")} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "by one of --record-id, --file and --text-like"),
        (["--record-id", "A", "--file", "calls.csv"], "by one of"),
        (["--text-like", " "], "--text-like is empty"),
        (["--record-id", "A", "--prompt", "unknown"], "unknown"),
    ],
)
def test_a_key_that_cannot_be_used_is_told(project: Project, arguments: list[str], words: str) -> None:
    assert words in told(run("forget", *arguments, "--yes"))


def test_a_job_with_such_a_text_is_waited_for(project: Project) -> None:
    """It would write an answer to the text when all is over."""
    internal = LocalFolder(project.home / "internal")
    batch = project.jsonl_files()[0].stem
    job = Job(name=f"tickets-0-{batch}-1", arn="arn", state=JobState.IN_PROGRESS)
    note_waiting(internal, project.prompt, "calls.csv", [job], [])
    assert job.name in told(run("forget", "--record-id", "A", "--yes"))
    assert "A" in ids(project)
    assert run("forget", "--record-id", "E", "--yes").exit_code == 0, "its row has no text in any job"


@pytest.mark.long
def test_one_prompt_only(project: Project) -> None:
    Path("prompts/others.yaml").write_text(Path("prompts/tickets.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    Path("calls.csv").write_bytes(file_of(ROWS, ".csv"))
    run("classify", "calls.csv", "--prompt", "others")
    run("forget", "--record-id", "A", "--prompt", "others", "--yes")
    assert ids(project) == ["A", "B", "C", "D", "E"]
    rows = project.query("select record_id from others.classifications order by row_number")
    assert [row["record_id"] for row in rows] == ["B", "C", "D", "E"]


def test_tables_of_a_prompt_whose_file_is_gone_are_cleared_too(project: Project) -> None:
    Path("prompts/tickets.yaml").rename("prompts/renamed.yaml")
    assert run("forget", "--text-like", MARKER, "--yes").exit_code == 0
    assert holders(project.home, MARKER) == []


@pytest.mark.long
def test_a_word_that_stands_only_in_an_original_is_found(project: Project) -> None:
    content = Path("prompts/tickets.yaml").read_text(encoding="utf-8")
    Path("prompts/tickets.yaml").write_text(f"{content}\nredact: {{keep_originals: true}}\n", encoding="utf-8")
    address = "itzpapalotl@example.com"
    classify("mails.csv", [{"id": "M", "text": f"Write to {address} about my flight", "team": "north"}, *ROWS[1:3]])
    assert holders(project.home, address)
    assert run("forget", "--text-like", "itzpapalotl", "--yes").exit_code == 0
    assert holders(project.home, address) == []
    assert "M" not in ids(project)
