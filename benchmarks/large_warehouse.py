"""A warehouse of many classified texts, for what the dashboard's pages take: made once, kept in `benchmarks/data`."""

import datetime
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY, CLASSIFICATIONS, RAW_REQUESTS

ROWS_A_FILE = 20_000
SEED = 11
# Distinct calls; each row has one of them with a number of its own at its end.
_CALLS = 5_000
_ROWS_A_BATCH = 2_000
_FIRST_DAY = datetime.datetime(2025, 11, 3, 9, tzinfo=datetime.UTC)
_ENDINGS = ("classified",) * 94 + ("repaired",) * 3 + ("invalid_class", "no_answer", "rejected")


def fill_warehouse(warehouse: Warehouse, prompt: Prompt, rows: int, rows_a_file: int = ROWS_A_FILE) -> None:
    """Put so many classifications of sample calls into a prompt's tables, a request file for every `rows_a_file` of them, one a week."""
    calls = list(sample_rows("travel", _CALLS, SEED))
    for number, start in enumerate(range(0, rows, rows_a_file)):
        name, size = f"calls_{number + 1:03}.csv", min(rows_a_file, rows - start)
        answered_at = _FIRST_DAY + datetime.timedelta(weeks=number)
        made = list(_rows(calls, prompt, name, start, size, answered_at))
        for table in (RAW_REQUESTS, CLASSIFICATIONS):
            warehouse.replace(prompt.name, table, name, _batches(made, table.schema))
        summary = _summary(made, name)
        warehouse.replace(prompt.name, CATEGORY_SUMMARY, name, [summary])


def home_of(rows: int) -> Path:
    """Where a warehouse of so many rows is kept."""
    return Path(__file__).parent / "data" / f"dashboard_{rows}"


def _rows(
    calls: list[dict[str, str]], prompt: Prompt, name: str, start: int, size: int, answered_at: datetime.datetime
) -> Iterator[dict[str, Any]]:
    chance = random.Random(start)
    for number in range(size):
        call = calls[chance.randrange(len(calls))]
        text = f"{call['conversation']}\nReference {start + number}"
        status = _ENDINGS[chance.randrange(len(_ENDINGS))]
        given = call["class"] if chance.random() < 0.92 else chance.choice(prompt.class_names)
        has_class = status in ("classified", "repaired")
        yield {
            "request_file": name,
            "row_number": number + 1,
            "record_id": str(start + number),
            "record_scope": "global",
            "text": text,
            "input_text": text,
            "text_id": text_id(text) if status != "rejected" else None,
            "text_bytes": len(text.encode()),
            "class": given if has_class else None,
            "rationale": f"The caller asks for help with {given.lower()}; nothing else is said." if has_class else None,
            "status": status,
            "raw_class": given if has_class else "something else",
            "confidence": round(chance.random(), 3) if has_class else None,
            "error": None if has_class else "The answer is none of the categories.",
            "expected_class": call["class"] if chance.random() < 0.02 else None,
            "attributes": orjson.dumps({"channel": call["channel"], "called_on": call["called_on"]}).decode(),
            "model_id": "anthropic.claude-haiku-4-5",
            "prompt_version": "a1b2c3d4e5f6"
            if answered_at < _FIRST_DAY + datetime.timedelta(weeks=20)
            else "0f1e2d3c4b5a",
            "answered_at": answered_at,
            "batch": f"batch_{name}",
            "cost_usd": 0.0004,
            "source": "model" if chance.random() < 0.9 else "duplicate",
            "doubt": round(chance.random(), 3),
        }


def _batches(rows: list[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), _ROWS_A_BATCH):
        some = [{name: row.get(name) for name in schema.names} for row in rows[start : start + _ROWS_A_BATCH]]
        yield pa.RecordBatch.from_pylist(some, schema=schema)


def _summary(rows: list[dict[str, Any]], name: str) -> pa.RecordBatch:
    counts: dict[str | None, int] = {}
    for row in rows:
        counts[row["class"]] = counts.get(row["class"], 0) + 1
    made = [
        {
            "request_file": name,
            "class": class_name,
            "requests": count,
            "share": count / len(rows),
            "repaired": 0,
            "failed": 0 if class_name else count,
            "cost_usd": count * 0.0004,
            "corrected": 0,
        }
        for class_name, count in counts.items()
    ]
    return pa.RecordBatch.from_pylist(made, schema=CATEGORY_SUMMARY.schema)
