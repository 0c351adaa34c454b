"""What is estimated and what is billed, held against an emulator of Bedrock that counts every token which its model tells of."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from batch_classifier.answers.costs import By, costs
from batch_classifier_tests.emulators import answering
from batch_classifier_tests.emulators.faults import Fault, MalformedLine, RecordError, SeenRecord
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.bedrock_pipeline import pipeline, serving_bedrock
from batch_classifier_tests.support.core_pipeline import CorePipeline

OTHER_TEXTS = [
    f"User: My suitcase number {number} was left behind, {'and nobody calls back ' * (number % 9)}"
    for number in range(150)
]


class Meter:
    """What the emulated models told of their use, call by call, whoever reads it afterwards."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = self.written = 0
        write = answering.write_answer  # type: ignore[attr-defined]

        def counted(*arguments: object) -> dict:
            answer = arguments[3]
            self.read += answer.input_tokens  # type: ignore[attr-defined]
            self.written += answer.output_tokens  # type: ignore[attr-defined]
            return write(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(answering, "write_answer", counted)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockEmulator]:
    """A fresh emulator for one test."""
    with serving_bedrock(monkeypatch) as serving:
        yield serving


def bill(made: CorePipeline) -> list[dict]:
    """The rows of the bill."""
    return made.warehouse.query(made.prompt.name, f"select * from {made.prompt.name}.bill order by ended_at, attempt")


def test_the_estimate_is_within_ten_percent_after_the_first_job_of_a_model(
    emulator: BedrockEmulator, tmp_path: Path
) -> None:
    """Also for another prompt, whose instructions and texts are of other lengths."""
    made = pipeline(tmp_path)
    made.put("first.csv", [f"User: I would like to change booking number {number}." for number in range(120)])
    first = made.plan("first.csv").estimate
    assert first is not None and "starting values" in first.basis
    assert made.run_jobs("first.csv")
    lost = pipeline(tmp_path, name="lost", instructions="Say what the text is about. " + made.prompt.instructions[:900])
    for other, said in ((made, "with this prompt"), (lost, "with other prompts")):
        other.put("second.csv", OTHER_TEXTS)
        estimate = other.plan("second.csv").estimate
        assert estimate is not None and said in estimate.basis and estimate.cost_usd is not None
        assert other.run_jobs("second.csv")
        (billed,) = [row for row in bill(other) if row["request_file"] == "second.csv"]
        assert estimate.cost_usd == pytest.approx(billed["cost_usd"], rel=0.1)
        assert billed["estimated_cost_usd"] == pytest.approx(billed["cost_usd"], rel=0.1)
        assert estimate.without["batch"] == pytest.approx(2 * estimate.cost_usd)


def test_the_bill_is_what_the_model_told_to_the_token(
    emulator: BedrockEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch and on demand, records that failed, retries, second questions, and answers that nobody can read."""
    meter = Meter(monkeypatch)

    def fault(record: SeenRecord) -> Fault | None:
        if not (record.job_name or "").endswith("-1"):
            return None
        faults: dict[int, Fault] = {3: RecordError(500), 5: RecordError(400), 7: MalformedLine(), 9: MalformedLine()}
        return faults.get(record.position)

    emulator.faults.record_rules = [fault]
    usual = emulator.responder

    def responder(system: str, text: str, model_input: Mapping[str, Any]) -> str | Fault:
        if "number 1" in text and "You have answered this before" not in text:
            return "<class>Nothing of yours</class>"
        return usual(system, text, model_input)

    emulator.responder = responder
    made = pipeline(tmp_path)
    rows = made.run("calls.csv", OTHER_TEXTS + OTHER_TEXTS[:40])
    made.run("few.csv", ["User: a text of its own", *OTHER_TEXTS[:10]])
    billed = bill(made)
    assert {row["way"] for row in billed} == {"batch", "on_demand"} and max(row["attempt"] for row in billed) >= 2
    assert sum(row["input_tokens"] for row in billed) == meter.read
    assert sum(row["output_tokens"] for row in billed) == meter.written
    for row in billed:
        factor = 1 if row["way"] == "batch" else 2
        cost = factor * (row["input_tokens"] * 0.125 + row["output_tokens"] * 0.625) / 1e6
        assert row["cost_usd"] == pytest.approx(cost, abs=1e-12)
    paid = sum(row["cost_usd"] for row in rows)
    unread = sum(row["cost_usd"] for row in billed if row["request_file"] == "calls.csv") - paid
    assert 0 < unread < 0.05 * paid, "what the two unreadable answers cost is billed, and stands in no row"
    lines = {by: costs(made.warehouse, ["travel"], by) for by in By}
    for by, report in lines.items():
        assert sum(line.input_tokens for line in report.lines) == report.total.input_tokens == meter.read, by
        assert sum(line.output_tokens for line in report.lines) == report.total.output_tokens == meter.written, by
        assert sum(line.cost_usd for line in report.lines) == pytest.approx(sum(row["cost_usd"] for row in billed)), by
        for name, amount in vars(report.total.saved).items():
            assert sum(getattr(line.saved, name) for line in report.lines) == pytest.approx(amount), (by, name)
    total = lines[By.PROMPT].total
    assert total.saved.batch == pytest.approx(sum(row["cost_usd"] for row in billed if row["way"] == "batch"))
    repeated = [row["input_tokens"] * 0.125 + row["output_tokens"] * 0.625 for row in rows[150:]]
    assert total.saved.deduplication == pytest.approx(sum(repeated) / 1e6) and total.saved.earlier_answers > 0
    assert [line.name for line in lines[By.FILE].lines] == ["travel/calls.csv", "travel/few.csv"]
    assert "travel: (in no row)" in {line.name for line in lines[By.CATEGORY].lines}
    for view in ("costs_by_month", "costs_by_file"):
        (sums,) = made.warehouse.query(
            "travel",
            f"select cast(sum(input_tokens) as bigint) as tokens, sum(saved_by_batch_usd) as saved from travel.{view}",
        )
        assert sums["tokens"] == meter.read and sums["saved"] == pytest.approx(total.saved.batch)
    before = billed
    made.run("calls.csv", OTHER_TEXTS)
    after = bill(made)
    assert all(row in after for row in before), "a file that runs again leaves its bill as it was"
