"""`corrections`: what people say goes first wherever people look, is told row by row where it is wrong, and is never lost."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from batch_classifier_tests.support.classified_project import classified_project, project_as_it_was
from batch_classifier_tests.support.command_line import run, told
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.request_files import file_of

FIRST = [
    {"id": "A", "text": "My flight was moved", "team": "north"},
    {"id": "B", "text": "I was charged twice", "team": "south"},
    {"id": "C", "text": "", "team": "west"},
    {"id": "=D", "text": "My flight was moved", "team": "east"},
]
SECOND = [{"id": "E", "text": "My flight was moved "}, {"id": "F", "text": "Wrong number, sorry"}]


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a project with two files classified in all formats, and a copy of it as it was then."""
    return classified_project(tmp_path_factory.mktemp("corrections") / "work", _classify_both)


def _classify_both() -> None:
    classify("first.csv", FIRST)
    classify("second.csv", SECOND)


@pytest.fixture
def project(classified: tuple[Path, Path]) -> Iterator[Project]:
    """The project as it was."""
    with project_as_it_was(classified, columns=300) as project:
        yield project


@pytest.fixture
def tables_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, for tests that look at tables and sentences: results are not made again, which takes seconds."""
    monkeypatch.setattr("batch_classifier.command_line.corrections.make_again", lambda *_: [])
    return project


def classify(name: str, content: Any, *options: str) -> None:
    Path(name).write_bytes(file_of(content, Path(name).suffix))
    result = run("classify", name, "--prompt", "tickets", *options)
    assert result.exit_code == 0, result.output


def corrections(*arguments: str | Path) -> Any:
    return run("corrections", "--prompt", "tickets", *arguments)


def result_file(project: Project, name: str) -> Path:
    (path,) = project.home.glob(f"output_data/tickets/*/{name}")
    return path


def edited_workbook(project: Project, name: str, **classes: str | None) -> Path:
    """A result workbook in which a person has put other classes to some ids, saved under its own name."""
    book = load_workbook(result_file(project, name))
    sheet = book["Results"]
    header = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        key = str(row[header.index("id")].value)
        if key.lstrip("=") in classes:
            row[header.index("class")].value = classes[key.lstrip("=")]
    target = Path(name)
    book.save(target)
    return target


def list_of(name: str, *rows: tuple[str, ...], header: tuple[str, ...] = ("id", "class")) -> Path:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return Path(name)


def latest(project: Project) -> dict[str, tuple[str | None, str | None, str | None]]:
    sql = 'select record_id, "class", model_class, corrected_by from tickets.latest_classifications'
    return {row["record_id"]: (row["class"], row["model_class"], row["corrected_by"]) for row in project.query(sql)}


def summary(project: Project, request_file: str) -> dict[str | None, tuple[int, int]]:
    return {row["class"]: (row["requests"], row["corrected"]) for row in project.rows("category_summary", request_file)}


def results(project: Project, name: str) -> dict[str, tuple[str | None, str | None]]:
    rows = json.loads(result_file(project, name).read_bytes())
    return {row["id"]: (row["class"], row.get("model_class")) for row in rows}


def test_an_edited_workbook_corrects_the_texts_everywhere(project: Project) -> None:
    before = project.rows("classifications")
    workbook = edited_workbook(project, "first.xlsx", A="Billing")
    result = corrections("--import", workbook, "--who", "Ann", "--why", "it is about the fare")
    assert result.exit_code == 0, result.output
    assert "1 text corrected by 4 rows of first.xlsx; 3 rows change nothing." in result.output
    corrected = ("Billing", "Travel", "Ann")
    assert latest(project) == {
        "A": corrected,
        "=D": corrected,
        "E": corrected,
        "B": ("Billing", None, None),
        "C": (None, None, None),
        "F": ("Other", None, None),
    }
    # What the model said stays as it was.
    assert project.rows("classifications") == before
    # The files that have the text are made again, and no others.
    assert summary(project, "first.csv") == {"Billing": (3, 2), None: (1, 0)}
    assert summary(project, "second.csv") == {"Billing": (1, 1), "Other": (1, 0)}
    assert results(project, "first.json") == {
        "A": ("Billing", "Travel"),
        "B": ("Billing", None),
        "C": (None, None),
        "=D": ("Billing", "Travel"),
    }
    assert results(project, "second.json") == {"E": ("Billing", "Travel"), "F": ("Other", None)}
    with result_file(project, "first.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == [
            *("id", "input_text", "class", "model_class", "rationale", "status", "team", "confidence", "note", "doubt")
        ]
    daily = project.query('select "class", sum(requests) as n from tickets.daily_categories group by 1 order by 1')
    assert [(row["class"], row["n"]) for row in daily] == [("Billing", 4), ("Other", 1)]
    (row,) = project.query("select * from tickets.corrections")
    assert (row["old_class"], row["new_class"], row["who"], row["why"]) == (
        *("Travel", "Billing"),
        *("Ann", "it is about the fare"),
    )
    assert (row["input_text"], row["record_id"], row["request_file"]) == ("My flight was moved", "A", "first.csv")
    assert row["source"] == "first.xlsx"


def test_a_correction_survives_a_rerun_and_reaches_new_files(project: Project) -> None:
    corrections("--import", list_of("labels.csv", ("A", "Other")), "--who", "Ann")
    classify("first.csv", FIRST)
    classify("third.csv", [{"id": "G", "text": "My flight was moved"}])
    assert {latest(project)[key] for key in ("A", "=D", "G")} == {("Other", "Travel", "Ann")}
    assert results(project, "third.json") == {"G": ("Other", "Travel")}
    assert summary(project, "third.csv") == {"Other": (1, 1)}


def test_the_later_correction_holds_and_both_are_there(tables_alone: Project) -> None:
    corrections("--import", list_of("one.csv", ("A", "Other")), "--who", "Ann")
    corrections("--import", list_of("two.csv", ("E", "Billing")), "--who", "Ben")
    assert latest(tables_alone)["A"] == ("Billing", "Travel", "Ben")
    found = tables_alone.query("select old_class, new_class, who from tickets.corrections order by correction_set")
    assert [tuple(row.values()) for row in found] == [("Travel", "Other", "Ann"), ("Other", "Billing", "Ben")]
    listed = corrections("--list").output
    assert listed.index("Ben") < listed.index("Ann") and "superseded" in listed and "holds" in listed
    # Back to what the model said is a correction as well, where somebody says so in so many words.
    corrections("--import", list_of("three.csv", ("A", "Travel")), "--who", "Cem")
    assert latest(tables_alone)["A"] == ("Travel", None, "Cem")


@pytest.mark.long
def test_a_withdrawn_correction_leaves_the_models_class(project: Project) -> None:
    corrections("--import", list_of("one.csv", ("A", "Other"), ("F", "Travel")))
    result = corrections("--withdraw", "A", "--who", "Ben", "--why", "a mistake")
    assert result.exit_code == 0, result.output
    assert latest(project)["E"] == ("Travel", None, None) and latest(project)["F"][0] == "Travel"
    assert results(project, "first.json")["A"] == ("Travel", None)
    assert summary(project, "second.csv") == {"Travel": (2, 1)}
    assert len(project.query("select * from tickets.corrections")) == 3
    assert "withdrawal" in corrections("--list").output
    assert "No correction of tickets stands for 'A'" in told(corrections("--withdraw", "A"))
    corrections("--import", list_of("again.csv", ("A", "Billing")))
    assert latest(project)["A"][0] == "Billing"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("A", "Other"), ("B", "Trvel")], "Row 2 (id B) has the class 'Trvel', which is no category of tickets."),
        ([("A", "Other"), ("Z", "Other")], "Row 2 (id Z) has an id that no classification has."),
        ([("A", "Other"), ("B", "")], "Row 2 (id B) has no class; --withdraw takes a correction back."),
        ([("A", "Other"), ("C", "Other")], "Row 2 (id C) is about a row without a usable text"),
        ([("A", "Other"), ("=D", "Billing")], "Row 2 (id =D) gives the same text another class than row 1."),
    ],
)
def test_a_wrong_row_is_told_and_nothing_is_imported(
    tables_alone: Project, rows: list[tuple[str, ...]], sentence: str
) -> None:
    result = corrections("--import", list_of("wrong.csv", *rows))
    assert result.exit_code == 1 and sentence in result.output
    assert "Nothing was imported from wrong.csv: mend the 1 row" in result.output
    assert tables_alone.query("select * from tickets.corrections") == []


def test_every_wrong_row_is_told(tables_alone: Project) -> None:
    result = corrections("--import", list_of("wrong.csv", *[(f"Z{n}", "Other") for n in range(60)]))
    assert result.output.count("has an id that no classification has") == 50
    assert "And 10 more rows like these." in result.output and "mend the 60 rows" in result.output


def test_a_file_without_the_columns_is_told(tables_alone: Project) -> None:
    path = list_of("wrong.csv", ("A", "Other"), header=("id", "category"))
    assert "wrong.csv needs a column class, and id or text_id; its columns are 'id', 'category'." in told(
        corrections("--import", path)
    )
    assert "There is no file none.csv." in told(corrections("--import", "none.csv"))
    assert "Name one of --import" in told(corrections())
    assert "Name one of --import" in told(corrections("--list", "--withdraw", "A"))


def test_a_csv_result_is_edited_as_well_and_case_does_not_matter(tables_alone: Project) -> None:
    path = result_file(tables_alone, "first.csv")
    content = path.read_text(encoding="utf-8-sig")
    Path("first.csv").write_text(content.replace('"My flight was moved","Travel"', '"My flight was moved"," billing "'))
    assert "'=D" in content
    result = corrections("--import", "first.csv")
    assert result.exit_code == 0, result.output
    assert latest(tables_alone)["=D"][0] == "Billing"


@pytest.mark.long
def test_a_result_file_from_before_a_correction_does_not_undo_it(project: Project) -> None:
    old = edited_workbook(project, "first.xlsx", B="Other")
    corrections("--import", list_of("labels.csv", ("A", "Billing")))
    result = corrections("--import", old)
    assert "2 rows of a result file from before a correction" in result.output
    assert latest(project)["A"][0] == "Billing" and latest(project)["B"][0] == "Other"
    # One that was written after it knows of it, and may.
    Path("first.xlsx").unlink()
    assert corrections("--import", edited_workbook(project, "first.xlsx", A="Travel", D="Travel")).exit_code == 0
    assert latest(project)["A"][0] == "Travel"


@pytest.mark.long
def test_a_result_file_whose_rows_have_moved_is_refused(tables_alone: Project) -> None:
    workbook = edited_workbook(tables_alone, "first.xlsx", A="Billing")
    classify("first.csv", [{"id": "A", "text": "Where is my suitcase"}], "--replace")
    result = corrections("--import", workbook)
    assert "Row 1 (id A) has another text than the record of this id in first.csv has now." in result.output
    assert result.exit_code == 1 and tables_alone.query("select * from tickets.corrections") == []


@pytest.mark.long
def test_an_id_that_several_texts_have_needs_their_file(tables_alone: Project) -> None:
    classify("third.csv", [{"id": "A", "text": "Where is my suitcase"}])
    path = list_of("labels.csv", ("A", "Billing"))
    assert "has an id that several texts have, in 2 request files; name one with --request-file" in (
        corrections("--import", path).output
    )
    result = corrections("--import", path, "--request-file", "third.csv")
    assert result.exit_code == 0, result.output
    (row,) = tables_alone.query("select input_text from tickets.corrections")
    assert row["input_text"] == "Where is my suitcase"
    # A result file tells by its name and its texts.
    assert corrections("--import", edited_workbook(tables_alone, "first.xlsx", A="Other")).exit_code == 0


@pytest.mark.parametrize("name", ["mine.csv", "mine.xlsx"])
def test_what_is_exported_can_be_edited_and_imported(tables_alone: Project, name: str) -> None:
    corrections("--import", list_of("labels.csv", ("A", "Billing"), ("F", "Travel")), "--who", "Ann", "--why", "=1+1")
    assert corrections("--export", name).output == f"2 corrections written to {name}.\n"
    assert "0 texts corrected by 2 rows" in corrections("--import", name).output
    if name.endswith(".csv"):
        content = Path(name).read_text(encoding="utf-8-sig")
        assert '"\'=1+1"' in content
        Path(name).write_text(content.replace('"Billing"', '"Other"'))
    else:
        book = load_workbook(name)
        assert book.active is not None
        for row in book.active.iter_rows():
            for cell in row:
                cell.value = "Other" if cell.value == "Billing" else cell.value
        book.save(name)
    assert "1 text corrected by 2 rows" in corrections("--import", name, "--who", "Ben").output
    assert latest(tables_alone)["A"] == ("Other", "Travel", "Ben")
    assert "is called .csv or .xlsx" in told(corrections("--export", "mine.txt"))


@pytest.mark.long
def test_a_correction_to_a_category_that_is_gone_holds_no_longer(project: Project) -> None:
    corrections("--import", list_of("labels.csv", ("F", "Billing")))
    path = Path("prompts/tickets.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("name: Billing", "name: Money"), encoding="utf-8")
    classify("second.csv", SECOND)
    assert results(project, "second.json")["F"] == ("Other", None)
    assert "no category any more" in corrections("--list").output


def test_what_is_interrupted_imports_nothing(tables_alone: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("batch_classifier.warehouse.duckdb._commit", stop)
    result = corrections("--import", list_of("labels.csv", ("A", "Billing"), ("F", "Travel")))
    assert result.exit_code != 0
    monkeypatch.undo()
    assert tables_alone.query("select * from tickets.corrections") == []


def test_the_system_user_is_who_says_so(tables_alone: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batch_classifier.command_line.user.getpass.getuser", lambda: "dora")
    corrections("--import", list_of("labels.csv", ("A", "Billing")))
    assert latest(tables_alone)["A"][2] == "dora"


def test_corrected_texts_become_examples(tables_alone: Project) -> None:
    corrections("--import", list_of("labels.csv", ("A", "Billing"), ("F", "Travel")))
    result = run("prompts", "--add-examples", "tickets", "--id", "A")
    assert result.exit_code == 0, result.output
    assert "Billing: 1 text" in result.output and "1 example added to prompts/tickets.yaml." in result.output
    assert "My flight was moved" not in result.output
    assert "- My flight was moved" in Path("prompts/tickets.yaml").read_text(encoding="utf-8")
    assert "nothing was changed" in run("prompts", "--add-examples", "tickets", "--id", "A").output
    assert "Travel: 1 text" in run("prompts", "--add-examples", "tickets", "--most", "2").output
    assert "No correction of tickets holds for 'B'" in told(run("prompts", "--add-examples", "tickets", "--id", "B"))
    assert "Say which texts" in told(run("prompts", "--add-examples", "tickets"))
    assert "go with --add-examples" in told(run("prompts", "--most", "2"))
    assert "There is no prompt named 'none'" in told(run("prompts", "--add-examples", "none", "--most", "2"))


def test_what_is_forgotten_is_told_where_it_is_an_example(tables_alone: Project) -> None:
    corrections("--import", list_of("labels.csv", ("A", "Billing")))
    run("prompts", "--add-examples", "tickets", "--id", "A")
    result = run("forget", "--text-like", "flight was MOVED", "--yes")
    assert result.exit_code == 0, result.output
    assert "The prompt file of tickets has such a text as an example of Billing" in result.output.replace("\n", " ")
    assert tables_alone.query("select * from tickets.corrections") == []
