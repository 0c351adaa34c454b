"""A project for `batch-classifier evaluate`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier.inference.open_inference import INFERENCES
from batch_classifier_tests.support.evaluated_project import Here
from batch_classifier_tests.support.repository import REPOSITORY


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    """The current folder is a project."""
    made = Here(tmp_path)
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    made.prompt()
    made.labels()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("BATCH_CLASSIFIER_INFERENCE", "bedrock")
    monkeypatch.setitem(INFERENCES, "bedrock", lambda _settings: made.model)
    yield made
