"""Long texts through the whole pipeline: on this machine, and on AWS, where one that the model refuses ends as its own row says."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.emulators.faults import Fault, RecordError
from batch_classifier_tests.emulators.responders import NamedCategoryAnswers
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.aws_deployment import TEXTS, Deployment, deployed
from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.outcomes import failure_of

TOO_LONG = "Input is too long for requested model"
_MODEL_CHARACTERS = 800_000


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """An aws deployment whose model takes no more than `_MODEL_CHARACTERS`."""
    answer = NamedCategoryAnswers()

    def answer_unless_too_long(system: str, text: str, model_input: Mapping[str, Any]) -> str | Fault:
        return RecordError(400, TOO_LONG) if len(text) > _MODEL_CHARACTERS else answer(system, text, model_input)

    with BedrockEmulator(responder=answer_unless_too_long) as emulator, deployed(emulator, tmp_path) as made:
        yield made


def long_text(number: int, size: int) -> str:
    return (f"Call {number}. " + "I want to cancel my booking and get a refund. " * (size // 40))[:size]


def test_texts_of_megabytes_are_classified_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path)
    with Path("long.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([number, long_text(number, 5_000_000)] for number in range(3))
        writer.writerows([number, long_text(number, 100)] for number in range(3, 5))
    options = ["--prompt", "tickets", "--format", "xlsx", "--output", "out"]
    result = CliRunner().invoke(command_line, ["classify", "long.csv", *options])
    assert result.exit_code == 0 and "5 rows: 5 classified." in result.output, result.output
    header, *rows = load_workbook(Path("out", "long.xlsx"), read_only=True)["Results"].iter_rows(values_only=True)
    # openpyxl leaves out empty cells at a row's end.
    notes = [dict(zip(header, row, strict=False)).get("note") for row in rows]
    assert len(rows) == 5 and all("text was cut at 32,767" in str(note) for note in notes[:3])
    assert notes[3:] == [None, None]


@pytest.mark.parametrize(
    "short_texts",
    [pytest.param(TEXTS, id="in a batch job", marks=pytest.mark.long), pytest.param(TEXTS[:3], id="on demand")],
)
def test_a_text_that_is_too_long_for_the_model_is_its_own_rows_problem(
    deployment: Deployment, short_texts: list[str]
) -> None:
    deployment.put("input_data/travel/long.csv", [*short_texts, long_text(1, 5_000_000), long_text(2, 300_000)])
    deployment.inference.poll_seconds = 0.05
    deployment.tick("request_files")
    result = deployment.run("long.csv", wait_seconds=60)
    assert result.success, failure_of(result)
    name = deployment.warehouse.name("travel", CLASSIFICATIONS)
    refused = deployment.query(f"select record_id, status, \"class\", error from {name} where status = 'model_error'")
    assert [(row["record_id"], row["class"]) for row in refused] == [(str(len(short_texts)), None)]
    assert TOO_LONG in refused[0]["error"] and "400" in refused[0]["error"]
    counts = deployment.query(f"select count(*) as requests, count(distinct record_id) as distinct_ids from {name}")
    assert counts == [{"requests": len(short_texts) + 2, "distinct_ids": len(short_texts) + 2}]
