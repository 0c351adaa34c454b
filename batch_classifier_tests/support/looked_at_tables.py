"""Classifications of some days, files and channels in one warehouse, with a correction, for what the dashboard asks."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS, CORRECTIONS, RAW_REQUESTS
from batch_classifier_tests.emulators.server import BedrockEmulator

MONDAY = datetime.datetime(2026, 3, 2, 10, tzinfo=datetime.UTC)
# Where names and texts are shown as they are, none of this becomes anything else.
ODD_TEXT = "<script>alert(1)</script> **bold** $x^2$ :red[no] \u0645\u0631\u062d\u0628\u0627 👩‍👩‍👧"


def classification(request_file: str, row_number: int, text: str | None, **others: Any) -> dict[str, Any]:
    """A row of classifications; a class makes it a classified one."""
    name = others.get("class")
    return {
        "request_file": request_file,
        "row_number": row_number,
        "record_id": f"{request_file[0].upper()}-{row_number}",
        "record_scope": "global",
        "text": text,
        "input_text": text,
        "text_id": text_id(text) if text else None,
        "status": "classified" if name else "no_answer" if text else "rejected",
        "rationale": f"It is about {name}." if name else None,
        "raw_class": name,
        "error": None if name else "The model did not answer." if text else "The row has no text.",
        "attributes": "{}",
        "model_id": "a-model",
        "prompt_version": "1",
        "cost_usd": 0.01,
        "source": "model",
        "confidence": 0.9 if name else None,
        **others,
    }


def rows_of(
    request_file: str, week: int, texts: Sequence[tuple[str | None, str | None, str, float]]
) -> list[dict[str, Any]]:
    """Rows of a file that was answered so many weeks after `MONDAY`: text, class, channel and confidence of each."""
    at = MONDAY + datetime.timedelta(weeks=week)
    return [
        classification(
            request_file,
            number,
            text,
            **{"class": name, "confidence": confidence if name else None, "answered_at": at},
            attributes=orjson.dumps({"channel": channel, 'odd "name"': number}).decode(),
        )
        for number, (text, name, channel, confidence) in enumerate(texts, 1)
    ]


FILES = {
    "a.csv": rows_of(
        "a.csv",
        0,
        [
            ("My flight was moved", "Travel", "phone", 0.9),
            ("I was charged twice", "Billing", "chat", 0.4),
            ("Charged twice for one flight", "Billing", "phone", 0.95),
            (None, None, "phone", 0),
        ],
    ),
    "b.csv": rows_of(
        "b.csv",
        1,
        [
            ("My flight was moved", "Travel", "chat", 0.9),
            ("Who is there?", None, "chat", 0),
            (ODD_TEXT, "Travel", "chat", 0.2),
        ],
    ),
}


def put(warehouse: Warehouse, prompt: Prompt, request_file: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put a file's rows in place of those that are there."""
    for table in (RAW_REQUESTS, CLASSIFICATIONS):
        made = [{name: row.get(name) for name in table.schema.names} for row in rows]
        warehouse.replace(prompt.name, table, request_file, [pa.RecordBatch.from_pylist(made, table.schema)])


def correct(warehouse: Warehouse, prompt: Prompt, text: str, old: str | None, new: str | None, **others: Any) -> None:
    """Add one correction."""
    name = others.get("correction_set", "20260310T000000.000000Z-1")
    row = {
        "correction_set": name,
        "number": 1,
        "text_id": text_id(text),
        "input_text": text,
        "old_class": old,
        "new_class": new,
        "who": "Ada",
        **others,
    }
    filled = {column: row.get(column) for column in CORRECTIONS.schema.names}
    warehouse.replace(prompt.name, CORRECTIONS, name, [pa.RecordBatch.from_pylist([filled], CORRECTIONS.schema)])


@contextmanager
def looked_at_warehouse(kind: str, folder: Path, patch: pytest.MonkeyPatch, prompt: Prompt) -> Iterator[Warehouse]:
    """A warehouse of this kind with `FILES` in it."""
    if kind == "duckdb":
        warehouse: Warehouse = DuckDBWarehouse(folder / "warehouse.duckdb")
        for request_file, rows in FILES.items():
            put(warehouse, prompt, request_file, rows)
        yield DuckDBWarehouse(folder / "warehouse.duckdb", read_only=True)
        return
    with BedrockEmulator() as emulator:
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        emulator.create_buckets("internal")
        warehouse = AthenaWarehouse("s3://internal/tables")
        for request_file, rows in FILES.items():
            put(warehouse, prompt, request_file, rows)
        yield warehouse
