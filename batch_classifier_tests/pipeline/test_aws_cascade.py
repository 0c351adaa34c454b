"""The cascade on emulated AWS: the sensors take a file through the sample's job, the decision, and the job of what is left."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier.answers.costs import By, costs
from batch_classifier.definitions import build_definitions
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.aws_deployment import Deployment, deployed
from batch_classifier_tests.support.outcomes import failure_of, materialized
from batch_classifier_tests.support.repository import sample_prompt

SAMPLE = 110
# The emulated model takes the category that a text names; the local model learns that quickly.
TEXTS = [
    f"User: {words}, case {number} of {number % 7}."
    for number in range(100)
    for words in (
        "I have a complaint, a complaint about it",
        "A refund is late, where is my refund",
        "My hotel booking",
    )
]
CASCADE = f"\ncascade: {{sample: {SAMPLE}, agreement: 0.9, audit: 0.2}}\n"


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment whose prompt has a cascade."""
    folder = tmp_path / "prompts"
    folder.mkdir()
    shutil.copy(sample_prompt("travel"), folder)
    path = folder / "travel.yaml"
    # So few short texts would cost less on demand, several in a record.
    content = path.read_text(encoding="utf-8").replace("texts_per_record: 10\n", "texts_per_record: 1\n")
    path.write_text(content + CASCADE, encoding="utf-8")
    with BedrockEmulator() as emulator, deployed(emulator, tmp_path) as made:
        made.definitions = build_definitions(load_settings(prompts=folder), load_prompts(folder))
        yield made


@pytest.mark.long
def test_a_file_goes_in_two_jobs_and_the_rest_is_answered_here(deployment: Deployment) -> None:
    deployment.emulator.durations.in_progress = 3600
    deployment.put("input_data/travel/calls.csv", TEXTS)
    (first,) = deployment.launch(deployment.tick("request_files"))
    assert first.success, failure_of(first)
    assert materialized([first]) == {"raw_requests", "bedrock_jsonl"} and len(deployment.emulator.jobs) == 1

    deployment.let_jobs_end()
    sampled = deployment.tick("finished_jobs")
    assert "bedrock_jsonl" in {key.path[-1] for key in sampled.run_requests[0].asset_selection}, "it decides anew"
    runs = deployment.launch(sampled)
    if len(deployment.emulator.jobs) > 1:
        assert materialized(runs) == {"bedrock_jsonl"}
        deployment.let_jobs_end()
        runs = deployment.launch(deployment.tick("finished_jobs"))
    assert all(run.success for run in runs)
    assert {"batch_job", "classifications", "category_summary", "result_files"} <= materialized(runs)

    rows = deployment.query("select source, status, cost_usd from travel_classifications")
    by_source = {source: [row for row in rows if row["source"] == source] for source in ("model", "local_model")}
    assert len(rows) == len(TEXTS) and {row["status"] for row in rows} == {"classified"}
    assert len(by_source["model"]) > 100 and len(by_source["local_model"]) > len(TEXTS) / 4
    assert {row["cost_usd"] for row in by_source["local_model"]} == {0.0}
    assert deployment.emulator.calls.texts_asked_twice() == []
    report = costs(deployment.warehouse, ["travel"], By.FILE)
    assert report.total.texts == len(by_source["model"]) and report.total.saved.cascade > 0
    assert not deployment.tick("finished_jobs").run_requests
