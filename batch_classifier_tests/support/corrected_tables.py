"""A prompt's tables in one warehouse, with a few requests and what a model said of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.prompt_content import prompt_content

# Id, text and the model's class.
Request = tuple[str, str | None, str | None]
FILES: dict[str, list[Request]] = {
    "a.csv": [("A", "My flight was moved", "Travel"), ("B", "I was charged twice", "Billing"), ("C", None, None)],
    "b.csv": [("D", "My flight was moved", "Travel"), ("E", "Who is there?", None)],
}


@dataclass
class Tables:
    """The tables of the prompt `tickets` in one warehouse."""

    warehouse: Warehouse
    prompt: Prompt
    emulator: BedrockEmulator | None = None

    def put(self, request_file: str, rows: Sequence[Request]) -> None:
        """Put a file's requests and classifications in place."""
        made = [
            {
                "request_file": request_file,
                "row_number": number,
                "record_id": record_id,
                "record_scope": "global",
                "text": text,
                "input_text": text,
                "text_id": text_id(text) if text else None,
                "class": name,
                "status": "classified" if name else "no_answer" if text else "rejected",
                "attributes": "{}",
                "cost_usd": 0.5,
            }
            for number, (record_id, text, name) in enumerate(rows, 1)
        ]
        for table in (RAW_REQUESTS, CLASSIFICATIONS):
            rows_of_table = [{key: row[key] for key in row if key in table.schema.names} for row in made]
            batch = pa.RecordBatch.from_pylist(rows_of_table, schema=table.schema)
            self.warehouse.replace(self.prompt.name, table, request_file, [batch])

    def query(self, sql: str) -> list[dict[str, Any]]:
        """What the warehouse answers; tables are written as {corrections}."""
        return self.warehouse.query(self.prompt.name, sql)


@contextmanager
def tables_in(warehouse: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """The files in DuckDB, or in the emulator's Athena."""
    prompt = Prompt(name="tickets", **prompt_content())
    if warehouse == "duckdb":
        yield _filled(Tables(DuckDBWarehouse(home / "warehouse.duckdb"), prompt))
        return
    with BedrockEmulator() as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        emulator.create_buckets("internal")
        yield _filled(Tables(AthenaWarehouse("s3://internal/tables"), prompt, emulator))


def _filled(tables: Tables) -> Tables:
    for request_file, rows in FILES.items():
        tables.put(request_file, rows)
    return tables
