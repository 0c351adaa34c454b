"""Requests and how they ended are put together row by row."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import pyarrow as pa
import pytest

from batch_classifier.answers.answer_files import Answers
from batch_classifier.answers.classifications import in_step
from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.tables import RAW_REQUESTS, Table
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence, metadata_of
from batch_classifier_tests.support.project import Project


def stream(*lengths: int) -> list[pa.RecordBatch]:
    """Numbers from 0 on, in batches of these lengths."""
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    return [
        pa.record_batch({"number": pa.array(range(start, start + length), pa.int64())})
        for start, length in zip(starts, lengths, strict=True)
    ]


@pytest.mark.parametrize(
    ("ones", "others"),
    [((5, 3), (5, 3)), ((8,), (1, 0, 7)), ((3, 3, 2), (4, 4)), ((0, 8), (8, 0)), ((), ())],
)
def test_two_streams_cut_in_their_own_ways_go_in_step(ones: tuple[int, ...], others: tuple[int, ...]) -> None:
    pairs = list(in_step(stream(*ones), stream(*others)))
    assert all(one.equals(other) for one, other in pairs)
    assert [number for one, _ in pairs for number in one["number"].to_pylist()] == list(range(sum(ones)))


@pytest.mark.parametrize(("ones", "others"), [((3,), (2,)), ((2,), (3,)), ((2, 2), (4, 1)), ((), (1,)), ((1,), ())])
def test_streams_of_different_length_are_an_error(ones: tuple[int, ...], others: tuple[int, ...]) -> None:
    with pytest.raises(ClassifierError):
        list(in_step(stream(*ones), stream(*others)))


def test_each_request_file_is_read_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.drop("calls.csv", ["I was charged twice", "My flight was moved", "I was charged twice", ""])
    assert project.make("calls.csv", "raw_requests", "bedrock_jsonl", "batch_job").success
    reads: list[str] = []
    read = DuckDBWarehouse.read

    def watched(
        self: DuckDBWarehouse, prompt: str, table: Table, request_file: str, columns: Sequence[str] | None = None
    ) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
        reads.append(table.name)
        return read(self, prompt, table, request_file, columns)

    monkeypatch.setattr(DuckDBWarehouse, "read", watched)
    assert project.make("calls.csv", "classifications").success
    assert reads.count("raw_requests") == 1
    assert [row["class"] for row in project.rows("classifications")] == ["Billing", "Travel", "Billing", None]


def test_requests_that_come_in_another_order_fail_the_run_and_leave_the_old_rows(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also under -O, which takes assertions away: a wrong order would give texts the classes of others."""
    before = project.classify("calls.csv", ["I was charged twice", "My flight was moved"])
    read = DuckDBWarehouse.read

    @contextmanager
    def turned(
        self: DuckDBWarehouse, prompt: str, table: Table, request_file: str, columns: Sequence[str] | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        with read(self, prompt, table, request_file, columns) as batches:
            yield (batch.take([1, 0]) if table is RAW_REQUESTS else batch for batch in batches)

    monkeypatch.setattr(DuckDBWarehouse, "read", turned)
    result = project.make("calls.csv", "classifications")
    assert not result.success and "calls.csv are not in the order of their numbers" in failure_of(result)
    assert is_one_sentence(failure_of(result)) and project.rows("classifications") == before


def test_a_run_parses_each_file_of_answers_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """batch_job looks for what is settled, classifications for the classes; an old home without the file is read too."""
    from batch_classifier.answers import attempt_answers

    parsed: list[str] = []

    def watched(file: object, prompt: object, record_texts: object) -> object:
        parsed.append(str(getattr(file, "name", "")).rsplit("/", 1)[-1])
        return Answers(file, prompt, record_texts)  # type: ignore[arg-type]

    monkeypatch.setattr(attempt_answers, "Answers", watched)
    rows = project.classify("calls.csv", ["I was charged twice", "My flight was moved"])
    assert len(parsed) == 1 and parsed[0].endswith(".jsonl.out")
    (kept,) = project.home.glob("internal/**/parsed_answers.arrow")
    kept.unlink()
    result = project.make("calls.csv", "classifications")
    assert len(parsed) == 2 and project.rows("classifications") == rows
    assert metadata_of(result, "classifications")["unreadable_answer_lines"] == 0
