"""A column of classifications is one entry in the table's definition and the one place that computes it.

The package is copied, the copy changed as a person would change it, and run: everything else must follow.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

import batch_classifier
from batch_classifier.answers import answer_files, endings, held_answers
from batch_classifier.warehouse.column import NUMBER, SQL_TYPES, Column, Source
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.queries import known_answers
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS, TABLES, Table
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.repository import REPOSITORY

THOUGHTS = "At first it looked like something else, but then it was clear."
TABLE_ENTRY = (
    "warehouse/tables.py",
    '        Column("raw_class", TEXT,',
    '        Column("novelty", NUMBER, "0 to 1", Source.ANSWER, in_results=InResults("novelty", behind_own_columns=True)),\n'
    '        Column("thoughts", TEXT, "its thoughts", Source.ANSWER, is_long_text=True, is_shown_short=True),\n',
)
FIELDS = (
    "answers/answer_files.py",
    "    input_tokens: int\n    output_tokens: int\n",
    "    novelty: float | None\n    thoughts: str | None\n",
)
VALUES = (
    "answers/answer_files.py",
    "        error=problem,\n        input_tokens=",
    f"        novelty=0.25,\n        thoughts={THOUGHTS!r},\n",
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The folder of a copy of the package."""
    (source,) = batch_classifier.__path__
    shutil.copytree(source, tmp_path / "changed" / "batch_classifier", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "changed"


def insert(package: Path, file: str, before: str, lines: str) -> None:
    """Write lines into a file of the package, before the one place that reads so."""
    path = package / "batch_classifier" / file
    content = path.read_text(encoding="utf-8")
    assert content.count(before) == 1, f"{before!r} does not stand once in {file}"
    path.write_text(content.replace(before, lines + before), encoding="utf-8")


def run(package: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "batch_classifier_tests.support.one_more_column", str(package.parent / "home")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(REPOSITORY)])}
    return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, timeout=120)


def test_a_new_column_is_in_table_preview_and_results_and_comes_again_with_a_reused_answer(package: Path) -> None:
    for place in (TABLE_ENTRY, FIELDS, VALUES):
        insert(package, *place)
    done = run(package)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["asked"].count("I was charged twice") == 1, "the second file's answer is that of the first"
    for name in ("first.csv", "second.csv"):
        (row, failed), (result, _) = found[name]["rows"], found[name]["results"]
        assert (row["class"], row["novelty"], row["thoughts"]) == ("Billing", 0.25, THOUGHTS)
        assert (failed["status"], failed["novelty"], failed["thoughts"]) == ("model_error", None, None)
        assert result["novelty"] == 0.25 and result["file_novelty"] == "mine" and "thoughts" not in result
        assert "At first it looked" in found[name]["preview"] and THOUGHTS not in found[name]["preview"]


CARRIERS: list[tuple[Source, ModuleType, Callable[[], object]]] = [
    (Source.ANSWER, answer_files, answer_files._answer_schema),
    (Source.JOB, held_answers, held_answers._origin_schema),
    (Source.ROW, endings, lambda: endings.endings("model", "version")),
]


@pytest.mark.parametrize(("source", "module", "carry"), CARRIERS)
def test_a_column_that_nothing_computes_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch, source: Source, module: ModuleType, carry: Callable[[], object]
) -> None:
    """When the package is imported or its first rows are made, and never as a column that is silently null."""
    carry()
    grown = replace(CLASSIFICATIONS, columns=(*CLASSIFICATIONS.columns, Column("novelty", NUMBER, "0 to 1", source)))
    monkeypatch.setattr(module, "CLASSIFICATIONS", grown)
    with pytest.raises(TypeError, match=rf"Source\.{source.name} .*\['novelty'\]"):
        carry()


def test_an_answer_that_comes_without_a_reused_column_is_not_taken() -> None:
    known = {name: pa.nulls(1, CLASSIFICATIONS.column(name).type) for name in ("text_id", "class", "batch", "cost_usd")}
    with pytest.raises(KeyError):
        held_answers.from_table(pa.RecordBatch.from_pydict(known))


def test_the_query_of_known_answers_asks_for_every_reused_column(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    made = Project(tmp_path, None, None)  # type: ignore[arg-type]
    made.set_prompt()
    with warehouse.stream("tickets", known_answers(warehouse, made.prompt, "model", "a.csv")) as rows:
        assert not list(rows)
    with warehouse.connect("tickets") as connection:
        described = connection.sql(known_answers(warehouse, made.prompt, "model", "a.csv")).columns
    of_the_bill = ["cost_usd", "source", "tokens_read", "tokens_written"]
    assert described == ["text_id", *CLASSIFICATIONS.names_of(Source.ANSWER, Source.JOB), *of_the_bill]


def test_every_column_of_classifications_says_where_its_values_come_from() -> None:
    assert all(column.source is not None for column in CLASSIFICATIONS.columns)
    of_requests = [column for column in CLASSIFICATIONS.columns if column.source is Source.REQUEST]
    assert {column.request_column or column.name for column in of_requests} <= set(RAW_REQUESTS.schema.names)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_type_of_a_column_has_a_name_in_every_warehouse(table: Table) -> None:
    assert {column.type for column in table.columns} <= set(SQL_TYPES)
