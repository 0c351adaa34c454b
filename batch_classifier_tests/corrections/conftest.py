"""Tables with what a model said, in each warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.corrected_tables import FILES, Tables
from batch_classifier_tests.support.prompt_content import prompt_content


@pytest.fixture(params=["duckdb", "athena"])
def tables(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """The files in either warehouse."""
    prompt = Prompt(name="tickets", **prompt_content())
    if request.param == "duckdb":
        made = Tables(DuckDBWarehouse(tmp_path / "warehouse.duckdb"), prompt)
        for request_file, rows in FILES.items():
            made.put(request_file, rows)
        yield made
        return
    with BedrockEmulator() as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        emulator.create_buckets("internal")
        made = Tables(AthenaWarehouse("s3://internal/tables"), prompt, emulator)
        for request_file, rows in FILES.items():
            made.put(request_file, rows)
        yield made
