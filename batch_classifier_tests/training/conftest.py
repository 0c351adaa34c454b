"""Tables with what a model said, in each warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier_tests.support.corrected_tables import Tables, tables_in


@pytest.fixture(params=["duckdb", "athena"])
def tables(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """The files in either warehouse."""
    with tables_in(request.param, tmp_path, monkeypatch) as made:
        yield made
