"""`discover`, as a person uses it: a prompt without the category that many texts want, and a file without any."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier.prompts.loading import load_prompt
from batch_classifier_tests.support.command_line import make_project, run, told
from batch_classifier_tests.support.request_files import file_of

WISHES = (
    "My suitcase did not arrive with the flight to {}",
    "Our luggage is lost, we landed in {} without a single bag",
    "The bag that I checked in at {} is missing",
    "Nobody in {} knows where my suitcase and the other bags are",
)
CITIES = ("Oslo", "Rome", "Lyon", "Cork", "Graz", "Bern", "Riga", "Porto")
LUGGAGE = [wish.format(city) for wish in WISHES for city in CITIES]
OTHERS = [f"I was charged twice for the room in {city}" for city in CITIES] + [
    f"Please move my flight to {city} from Monday to Wednesday" for city in CITIES
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")
    (tmp_path / "calls.csv").write_bytes(
        file_of([{"ticket_id": str(n), "text": t} for n, t in enumerate(LUGGAGE + OTHERS)], ".csv")
    )
    yield tmp_path


def test_a_missing_category_is_found_and_written_into_the_prompt_file(folder: Path) -> None:
    path = folder / "prompts" / "tickets.yaml"
    strict = path.read_text(encoding="utf-8").replace("fallback: Other", "fallback: {name: Other, strictness: high}")
    path.write_text(strict, encoding="utf-8")
    assert run("classify", "calls.csv", "--prompt", "tickets").exit_code == 0
    shown = run("discover", "--prompt", "tickets")
    assert shown.exit_code == 0, shown.output
    assert "suitcase" in shown.output or "luggage" in shown.output
    assert "--add N" in shown.output
    before = load_prompt(path)
    added = run("discover", "--prompt", "tickets", "--add", "1", "--name", "Lost Luggage")
    assert added.exit_code == 0, added.output
    after = load_prompt(path)
    assert "Lost Luggage" in after.class_names and after.class_names[-1] == before.class_names[-1]
    assert after.version != before.version
    (category,) = [one for one in after.categories if one.name == "Lost Luggage"]
    assert set(category.examples) <= set(LUGGAGE) and category.examples


@pytest.mark.long
def test_a_prompt_file_is_drafted_for_a_file_without_categories(folder: Path) -> None:
    result = run("discover", "calls.csv", "--output", "prompts/drafted.yaml")
    assert result.exit_code == 0, result.output
    assert "\\n" not in result.output
    prompt = load_prompt(folder / "prompts" / "drafted.yaml")
    assert prompt.input.text == "text" and prompt.input.id == "ticket_id"
    assert len(prompt.categories) >= 3
    assert "never ask" not in run("prompts").output
    classified = run("classify", "calls.csv", "--prompt", "drafted")
    assert classified.exit_code == 0, classified.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name either a prompt"),
        (["calls.csv", "--prompt", "tickets"], "Name either a prompt"),
        (["calls.csv", "--add", "1"], "--add and --name go with --prompt"),
        (["--prompt", "tickets", "--output", "x.yaml"], "go with a FILE"),
        (["--prompt", "unknown"], "unknown"),
        (["missing.csv"], "There is no file missing.csv"),
        (["calls.csv", "--text", "body"], "There is no column 'body'; the columns are 'ticket_id', 'text'"),
        (["calls.csv", "--output", "prompts/tickets.yaml"], "there already"),
        (["calls.csv", "--output", "prompts/Big Name.yaml"], "lower-case letters"),
        (["calls.csv", "--output", "nowhere/calls.yaml"], "no folder nowhere"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(folder: Path, arguments: list[str], words: str) -> None:
    assert words in told(run("discover", *arguments))


def test_a_prompt_without_texts_says_so(folder: Path) -> None:
    result = run("discover", "--prompt", "tickets")
    assert result.exit_code == 1
    assert "no classified texts yet" in result.output
