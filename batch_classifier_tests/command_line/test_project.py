"""The project around a command: what is wrong with its dagster.yaml is told in a sentence."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.repository import REPOSITORY


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_module_that_has_moved_is_told_with_its_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    now = f"batch_classifier.defs.event_log.{kind}"
    before = f"batch_classifier.event_log.{kind}"
    settings = (REPOSITORY / "dagster.yaml").read_text(encoding="utf-8")
    old = settings.replace("batch_classifier.defs.event_log.sqlite", before)
    assert before in old
    (tmp_path / "dagster.yaml").write_text(old, encoding="utf-8")
    (tmp_path / "prompts").mkdir()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command_line, ["status"])
    assert result.exit_code == 1 and result.exception is not None
    sentence = result.stderr.strip()
    assert is_one_sentence(sentence) and before in sentence and f"write {now} there" in sentence
