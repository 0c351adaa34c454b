"""The asset bedrock_jsonl's core: what is read of raw_requests, what is written, and what stays when something fails."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from batch_classifier.batches.bedrock_jsonl import BedrockJsonl
from batch_classifier.inference.interface import JobLimits
from batch_classifier.inference.prices import Price
from batch_classifier.warehouse.batch import Batch, batches_from_arrow, batches_to_arrow
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.tables import RAW_REQUESTS, Table
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.scripted_inference import ScriptedInference, text_of

TEXTS = [f"Text {number} über 日本" for number in range(250)]


class WatchedWarehouse(DuckDBWarehouse):
    """Notes which columns are read of raw_requests, and may turn the rows around."""

    def __init__(self, path: Path, turned: bool = False) -> None:
        super().__init__(path)
        self.columns_read: list[str] = []
        self.turned = turned

    @contextmanager
    def read(
        self, prompt: str, table: Table, request_file: str, columns: Sequence[str] | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        if table is RAW_REQUESTS:
            self.columns_read += columns or table.schema.names
        rows = super().read(prompt, table, request_file, columns)
        with _turned(rows) if self.turned else rows as batches:
            yield batches


@contextmanager
def _turned(rows: AbstractContextManager[Iterator[pa.RecordBatch]]) -> Iterator[Iterator[pa.RecordBatch]]:
    with rows as batches:
        yield iter([batch.take(pa.array(range(batch.num_rows - 1, -1, -1))) for batch in batches])


@pytest.fixture
def project(projects: Callable[..., Project]) -> Project:
    """A project whose file of 250 texts, some of them twice, has been read."""
    project = projects(batch_size=100)
    project.drop("calls.csv", [*TEXTS, *TEXTS[:30], " "])
    assert project.make("calls.csv", "raw_requests").success
    return project


def core(project: Project, warehouse: DuckDBWarehouse, price: Price | None = None) -> BedrockJsonl:
    """The core on the project's tables."""
    inference = ScriptedInference(project.home, price=price)
    return BedrockJsonl(project.prompt, "calls.csv", warehouse, inference, inference.internal)


def asked(project: Project, batches: Sequence[Batch]) -> list[str]:
    """The texts of batches, in their order."""
    return [text_of(json.loads(line)) for batch in batches for line in Path(batch.uri).read_text().splitlines()]


def test_the_texts_are_read_once_and_stand_in_the_order_of_the_file(project: Project) -> None:
    warehouse = WatchedWarehouse(project.warehouse.path)
    made = core(project, warehouse)
    (rows,) = made
    assert asked(project, made.batches) == TEXTS and [batch.records for batch in made.batches] == [125, 125]
    assert [warehouse.columns_read.count(column) for column in ("text", "text_bytes", "expected_class")] == [1, 1, 0]
    assert batches_from_arrow(rows) == made.batches


def test_no_text_is_read_when_all_are_answered(project: Project) -> None:
    assert project.make("calls.csv", "bedrock_jsonl", "batch_job", "classifications").success
    warehouse = WatchedWarehouse(project.warehouse.path)
    made = core(project, warehouse)
    assert list(made) == [] and made.answered_before == made.distinct_texts == 250
    assert "text" not in warehouse.columns_read


def test_rows_of_an_earlier_version_are_measured_by_their_texts(project: Project) -> None:
    """They have no text_bytes; the estimate that the budget is held against is the same, and so are the batches."""
    with project.warehouse.connect("tickets") as connection:
        connection.execute("update tickets.raw_requests set text_bytes = null")
    old = core(project, project.warehouse, Price(1e6, 0.0))
    list(old)
    again = project.make("calls.csv", "raw_requests")
    assert again.success and all(row["text_bytes"] for row in project.rows("raw_requests") if row["text_id"])
    new = core(project, project.warehouse, Price(1e6, 0.0))
    list(new)
    assert old.refusal == new.refusal and "would cost about" in str(new.refusal) and old.estimate == new.estimate
    assert project.jsonl_files() == []


def test_rows_in_another_order_are_an_error_and_leave_no_batch(project: Project) -> None:
    """The same texts in another order would be another batch, sent and paid for again."""
    with pytest.raises(RuntimeError, match="order of the request file"):
        list(core(project, WatchedWarehouse(project.warehouse.path, turned=True)))
    assert project.jsonl_files() == [] and not list(project.home.glob("internal/**/.unfinished-*"))


def test_batches_keep_the_limits_of_who_answers(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedInference, "limits", JobLimits(1, 110, 120_000))
    made = core(project, project.warehouse)
    list(made)
    assert len(made.batches) > 2 and all(batch.records <= 110 and batch.bytes <= 120_000 for batch in made.batches)
    assert asked(project, made.batches) == TEXTS


def test_a_disk_that_is_full_ends_the_step_and_leaves_no_batch(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines are written by a thread beside; what that runs into comes through."""

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("batch_classifier.batches.batch_file.BatchFile._put", full)
    with pytest.raises(OSError, match="No space left"):
        list(core(project, project.warehouse))
    assert project.jsonl_files() == [] and not list(project.home.glob("internal/**/.unfinished-*"))


def test_a_batch_goes_into_the_table_and_comes_back_as_it_was() -> None:
    batch = Batch("a.csv", "0123", "/x/0123.jsonl", 3, 4_000, "0123ab", 1_000, 45, 0.5, "v1", "some-model", "b.csv")
    unpriced = dataclasses.replace(batch, name="4567", estimated_cost_usd=None, shared_with=None)
    assert batches_from_arrow(batches_to_arrow([batch, unpriced])) == [batch, unpriced]
    assert batch.to_row()["batch"] == "0123"
