"""What the local engine cannot do is told where people look: on the command line, in the result file, in Dagster."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.inference.local.embeddings import NOT_COVERED
from batch_classifier_tests.support.outcomes import checks_of, metadata_of
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.prompt_content import PROMPT
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.support.request_files import file_of

ENGLISH = ["I was charged twice on my card", "Where is the flight that I have booked?"]
JAPANESE = ["航空券をキャンセルしたいです", "予約した便が見つかりません"]


def test_texts_that_the_words_do_not_cover_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, None, None)  # type: ignore[arg-type]
    project.set_prompt()
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_bytes(file_of([*ENGLISH, *JAPANESE], ".csv"))
    result = CliRunner().invoke(command_line, ["classify", "calls.csv", "--prompt", PROMPT])
    assert result.exit_code == 0, result.output
    assert f"2 of 4 rows: {NOT_COVERED}." in " ".join(result.output.split())
    (written,) = (tmp_path / "data" / "output_data").rglob("*.csv")
    with written.open(encoding="utf-8-sig", newline="") as file:
        assert [row["note"] for row in csv.DictReader(file)] == ["", "", NOT_COVERED, NOT_COVERED]


def test_metadata_counts_notes_and_says_what_confidence_was_worth(projects: Callable[..., Project]) -> None:
    from batch_classifier.inference.local.local_inference import LocalInference
    from batch_classifier.storage.local_folder import LocalFolder

    project = projects(input={"text": "text", "label": "label"})
    project.inference = LocalInference(LocalFolder(project.home / "internal"), project.home)
    rows = [{"text": text, "label": "Billing" if "card" in text else "Travel"} for text in [*ENGLISH, *JAPANESE]]
    project.drop("calls.csv", rows)
    result = project.run("calls.csv")
    assert result.success
    assert f"{NOT_COVERED} | 2 |" in metadata_of(result, "classifications")["notes"]
    found = checks_of(result)["accuracy"].metadata
    assert 0 <= float(found["expected_calibration_error"].value) <= 1  # type: ignore[arg-type]
    assert "| requests | confidence | right |" in str(found["reliability"].value)
