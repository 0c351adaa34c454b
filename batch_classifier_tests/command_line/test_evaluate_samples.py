"""`batch-classifier evaluate --sample`: which texts are drawn for people to label, and what their labels are worth."""

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch_classifier_tests.support.command_line import run, told
from batch_classifier_tests.support.evaluated_project import Here, rows
from batch_classifier_tests.support.prompt_content import PROMPT


@pytest.fixture
def classified(here: Here) -> Here:
    """A file of 600 texts is classified: a tenth are charges, a tenth flights."""
    kinds: list[Callable[[int], str]] = [
        lambda number: f"They charge me {number} times",
        lambda number: f"=HYPERLINK(flight {number})",
        lambda number: f"Wrong number {number}",
    ]
    texts = [(kinds[min(number % 10, 2)](number), None) for number in range(600)]
    here.labels(rows(texts), "team.csv")
    assert run("classify", "team.csv", "--prompt", PROMPT).exit_code == 0
    return here


def test_a_sample_is_labelled_and_read_back(classified: Here) -> None:
    result = run("evaluate", "--prompt", PROMPT, "--sample", "60", "--output", "to label.xlsx")
    assert result.exit_code == 0, result.output
    assert "60 texts to label, 30 drawn at random" in result.output.replace("\n", " ")
    workbook = load_workbook("to label.xlsx")
    sheet = workbook.worksheets[0]
    header, *drawn = sheet.iter_rows(values_only=True)
    assert header == ("id", "text", "label", "drawn") and len(drawn) == 60
    assert {row[2] for row in drawn} == {None}, "what the model said is not shown to whoever labels"
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.type, str(choice.sqref), choice.formula1) == ("list", "C2:C61", "='Allowed classes'!$A$2:$A$4")
    assert [row[0] for row in workbook["Allowed classes"].iter_rows(min_row=2, values_only=True)] == [
        "Billing",
        "Travel",
        "Other",
    ]
    assert all(cell.data_type == "s" for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2))
    # Somebody labels: what was chosen for its category is all wrong, and must not count.
    for row in sheet.iter_rows(min_row=2):
        row[2].value = "Other" if "number" in row[1].value else "Billing" if "charge" in row[1].value else "Travel"
        if row[3].value != "random":
            row[2].value = "Other"
    workbook.save("to label.xlsx")
    asked = len(classified.model.asked)
    found = classified.figures(labels="to label.xlsx")
    assert (found["texts"], found["variants"][0]["right"]) == (30, 30)
    assert "30 rows left out, drawn because the model doubts them" in " ".join(found["notes"])
    assert len(classified.model.asked) == asked, "all of it was answered before"


def test_every_category_has_its_turn_in_a_sample(classified: Here) -> None:
    assert run("evaluate", "-p", PROMPT, "--sample", "24").exit_code == 0
    _, *drawn = load_workbook(f"{PROMPT}_to_label.xlsx").worksheets[0].iter_rows(values_only=True)
    chosen = [str(row[1]) for row in drawn if row[3] == "category"]
    assert len(chosen) == 6
    assert [sum(word in text for text in chosen) for word in ("charge", "flight", "number")] == [2, 2, 2]
    assert sum(row[3] == "uncertain" for row in drawn) == 6


def test_a_workbook_with_labels_is_not_overwritten(classified: Here) -> None:
    Path("mine.xlsx").write_bytes(b"labels")
    assert "may hold labels" in told(run("evaluate", "-p", PROMPT, "--sample", "5", "-o", "mine.xlsx"))
    assert Path("mine.xlsx").read_bytes() == b"labels"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--sample", "5"], "Nothing is classified"),
        (["--sample", "0"], "from 1 to 5,000"),
        (["--sample", "5", "-o", "labels.csv"], "must end in .xlsx"),
        ([], "Give either --labels"),
    ],
)
def test_samples_that_cannot_be(here: Here, arguments: list[str], part: str) -> None:
    assert part in told(run("evaluate", "-p", PROMPT, *arguments))
    assert here.state() == {}
