"""`evaluate` in the aws deployment: it asks Bedrock, pays for each text once, and leaves buckets and tables as they were but for the bill."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from batch_classifier.answers.costs import By, costs
from batch_classifier.command_line.main import command_line
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.aws_deployment import Deployment, deployed
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.repository import PROMPTS

# The emulated model takes the category that a text names, else Other.
LABELLED = [
    *((f"A complaint, number {number}.", "Complaint") for number in range(60)),
    *((f"A refund is late, number {number}.", "Refund Issues") for number in range(50)),
    *((f"The hotel was awful, number {number}.", "Complaint") for number in range(20)),
]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment, with a labelled file beside it."""
    with BedrockEmulator() as emulator, deployed(emulator, tmp_path) as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATCH_CLASSIFIER_PROMPTS", str(PROMPTS))
        patch.setenv("BATCH_CLASSIFIER_BEDROCK_POLL_SECONDS", "0.05")
        made.inference.poll_seconds = 0.05
        lines = ["conversation_id,conversation,class"]
        lines += [f'{number},"{text}",{label}' for number, (text, label) in enumerate(LABELLED)]
        Path("labels.csv").write_text("\n".join(lines), encoding="utf-8")
        yield made


def evaluate(*arguments: str) -> Result:
    command = ["evaluate", "--prompt", "travel", "--labels", "labels.csv", "--json", "figures.json", *arguments]
    return CliRunner().invoke(command_line, command)


def figures(*arguments: str) -> dict[str, Any]:
    result = evaluate(*arguments)
    assert result.exit_code == 0, result.output
    return dict(json.loads(Path("figures.json").read_bytes()))


def objects(deployment: Deployment) -> dict[str, str]:
    """What the buckets hold, but for batches, their answers, the jobs asked on demand, the bill, and results of queries."""
    found = {}
    for bucket in ("customer", "internal"):
        for page in deployment.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for one in page.get("Contents", []):
                shared = ("work/travel/", "work/_notes/on_demand_jobs/", "work/tables/travel_bill/", "query-results/")
                if not one["Key"].startswith(shared):
                    found[f"{bucket}/{one['Key']}"] = one["ETag"]
    return found


def test_a_batch_job_is_measured_and_paid_for_once(deployment: Deployment) -> None:
    before = objects(deployment)
    (first,) = figures()["variants"]
    assert (first["right"], first["texts_asked"]) == (110, 130) and len(deployment.emulator.jobs) == 1
    assert first["accuracy"] == pytest.approx(110 / 130)
    tokens = first["input_tokens_per_1000_texts"], first["output_tokens_per_1000_texts"]
    assert min(tokens) > 0 and first["cost_usd_per_1000_texts"] > 0 and first["spent_usd"] > 0
    (second,) = figures()["variants"]
    assert (second["right"], second["texts_asked"], second["spent_usd"]) == (110, 0, 0)
    assert deployment.emulator.calls.texts_asked_twice() == []
    assert objects(deployment) == before
    report = costs(deployment.warehouse, ["travel"], By.FILE)
    assert [line.name for line in report.lines] == ["travel/labels.csv (evaluation)"]
    assert report.total.evaluations_usd == report.total.cost_usd == pytest.approx(first["spent_usd"])


@pytest.mark.long
def test_the_teams_answers_are_taken_from_athena(deployment: Deployment) -> None:
    deployment.put("input_data/travel/team.csv", [text for text, _ in LABELLED[:110]])
    deployment.tick("request_files")
    run = deployment.run("team.csv", wait_seconds=30)
    assert run.success, failure_of(run)
    before = objects(deployment)
    (variant,) = figures()["variants"]
    assert (variant["right"], variant["texts_asked"], variant["texts_reused"]) == (110, 20, 110)
    assert deployment.emulator.calls.texts_asked_twice() == []
    sampled = CliRunner().invoke(command_line, ["evaluate", "--prompt", "travel", "--sample", "30"])
    assert sampled.exit_code == 0 and "30 texts to label, 15 drawn at random" in sampled.output, sampled.output
    assert Path("travel_to_label.xlsx").is_file()
    assert objects(deployment) == before


@pytest.mark.long
def test_the_local_engine_beside_bedrock(deployment: Deployment) -> None:
    found = figures("--inference", "bedrock", "--inference", "local")
    assert [one["inference"] for one in found["variants"]] == ["bedrock", "local"]
    assert len(found["comparisons"]) == 1 and len(deployment.emulator.jobs) == 1


def test_what_bedrock_refuses_is_told(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_BEDROCK_ROLE_ARN", "")
    result = evaluate()
    assert result.exit_code == 1 and "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN" in result.output
    assert "Traceback" not in result.output
