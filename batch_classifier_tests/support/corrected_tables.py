"""A prompt's tables in one warehouse, with a few requests and what a model said of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.text_id import text_id
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier_tests.emulators.server import BedrockEmulator

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
