"""What is wrong with the labels or the options of `batch-classifier evaluate`."""

from typing import Any

import pytest

from batch_classifier_tests.support.command_line import told
from batch_classifier_tests.support.evaluated_project import TRUTHS, Here, rows
from batch_classifier_tests.support.prompt_content import PROMPT


def with_column(name: str) -> list[dict[str, Any]]:
    return [{"id": row["id"], "text": row["text"], name: row["label"]} for row in rows()]


@pytest.mark.long
def test_the_labels_may_stand_in_another_column(here: Here) -> None:
    here.labels(with_column("truth"))
    assert here.figures("--label-column", "truth")["variants"][0]["right"] == 20
    here.prompt(input={"text": "text"})
    here.labels(with_column("expected_class"))
    assert here.figures()["variants"][0]["right"] == 20, "the name that a prompt without input.label takes"


@pytest.mark.parametrize(
    ("truths", "parts"),
    [
        (with_column("truth"), ["labels.csv has no label", "'label'", "--label-column"]),
        (rows([(text, None) for text, _ in TRUTHS]), ["labels.csv has no label", "--label-column"]),
        (rows(TRUTHS[:9]), ["labels.csv has 9 texts with a label that counts", "at least 10"]),
        (
            rows([(text, f"Weather {number}") for number, (text, _) in enumerate(TRUTHS)]),
            ["0 texts with a label that counts", "22 labels left out", "'Weather 0' in row 1", "and 17 more"],
        ),
        (
            rows([("They charge me twice", "Billing")] * 30),
            ["1 text with a label that counts", "29 rows left out, repeating"],
        ),
        (
            rows([("They charge me twice", "Billing"), ("They charge me twice", "Other")] * 10),
            ["0 texts with a label that counts", "whose text has two labels"],
        ),
        ([{"id": "1", "words": "They charge me twice", "label": "Billing"}], ["no column 'text'"]),
    ],
    ids=["no column", "no labels", "too few", "no classes", "repeats", "contradictions", "no texts"],
)
def test_labels_that_measure_nothing_are_refused_before_anything_is_asked(
    here: Here, truths: list[dict[str, Any]], parts: list[str]
) -> None:
    here.labels(truths)
    sentence = told(here.evaluate())
    assert all(part in sentence for part in parts), sentence
    assert here.model.asked == [] and here.state() == {}


def test_rows_that_do_not_count_are_left_out_and_told(here: Here) -> None:
    more: list[tuple[str, str | None]] = [
        *TRUTHS,
        ("They charge me twice, case 0", "Billing"),  # a repeat
        ("A flight for a flight", "Travel"),  # with two labels
        ("A flight for a flight", "Other"),
        ("It rains", "Weather"),  # of no category
        ("It rains again", None),  # without a label
        ("", "Billing"),  # without a text
        ("They charge me for rain", " billing. "),  # a category, spelled otherwise
    ]
    here.labels(rows(more))
    found = here.figures()
    assert (found["texts"], found["variants"][0]["right"]) == (23, 21)
    notes = " ".join(found["notes"])
    assert "1 label left out, being none of the categories: 'Weather' in row 26" in notes
    assert "2 rows left out, whose text has two labels: 24, 25" in notes
    for part in (
        "1 row left out, repeating the text",
        "1 labelled row left out, having no usable text",
        "1 row left out, having no label",
    ):
        assert part in notes


def test_two_prompts_of_which_one_is_broken(here: Here) -> None:
    """What can be known before anything is asked stops everything; nobody pays for half a comparison."""
    (here.folder / "broken.yaml").write_text("description: x\ncategories: [", encoding="utf-8")
    assert "broken.yaml" in told(here.evaluate("--against", "broken.yaml"))
    here.prompt("elsewhere.yaml", input={"text": "words", "label": "label"})
    assert "no column 'words'" in told(here.evaluate("--against", "elsewhere.yaml"))
    assert "no prompt named 'nobody'" in told(here.evaluate("--against", "nobody"))
    assert "nowhere.yaml" in told(here.evaluate("--against", "nowhere.yaml"))
    assert here.model.asked == []


@pytest.mark.long
def test_a_prompt_that_fails_while_it_is_asked_leaves_the_other_measured(here: Here) -> None:
    here.prompt("dear.yaml", budget_usd=0.0001, answer="json")
    found = here.figures("--against", "dear.yaml", exit_code=1)
    assert [one["variant"] for one in found["variants"]] == [PROMPT] and found["variants"][0]["right"] == 20
    (failed,) = found["failed"]
    assert failed["title"] == "dear.yaml" and "over the budget of 0.0001 USD" in failed["reason"]
    assert len(here.model.asked) == 22, "the budget holds"


def test_the_budget_of_the_only_prompt_holds(here: Here) -> None:
    here.prompt(budget_usd=0.0001)
    assert "over the budget" in told(here.evaluate())
    assert here.model.asked == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--against", PROMPT], "ask the same question"),
        (["--inference", "oracle"], "those there are: local, bedrock"),
        (["--json", "nowhere/figures.json"], "There is no folder nowhere"),
        (["--page", "prompts"], "is a folder"),
        (["--label-column", "text"], "--label-column"),
        (["--model", "nobody.knows-1"], "nobody.knows-1"),
        (["--sample", "5"], "Give either"),
    ],
)
def test_options_that_cannot_be(here: Here, arguments: list[str], part: str) -> None:
    assert part in told(here.evaluate(*arguments))
    assert here.model.asked == []


def test_a_labelled_file_that_is_not_there(here: Here) -> None:
    assert "There is no file" in told(here.evaluate(labels="nowhere.csv"))
