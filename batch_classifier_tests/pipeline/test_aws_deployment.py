"""The aws deployment from end to end, against the emulators: a file on S3, the sensors, Bedrock, and Athena answering."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier.definitions import build_definitions
from batch_classifier.inference.interface import JobRequest
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.aws_deployment import TEXTS, Deployment, deployed
from batch_classifier_tests.support.outcomes import failure_of, materialized
from batch_classifier_tests.support.repository import PROMPTS

KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture()
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """An aws deployment for one test."""
    with BedrockEmulator() as emulator, deployed(emulator, tmp_path) as made:
        yield made


def test_from_a_file_on_s3_to_an_answer_of_athena(deployment: Deployment) -> None:
    """The sensor is told by the queue; it lists the bucket at its first tick only, when nothing is there."""
    deployment.emulator.durations.in_progress = 3600
    for _ in range(2):
        assert not deployment.tick("request_files").run_requests
    assert deployment.messages() == 0, "S3's own test is done with"
    deployment.put("input_data/travel/calls of May.csv", TEXTS)
    assert deployment.messages() == 1
    (first,) = deployment.launch(deployment.tick("request_files"))
    assert first.success
    assert materialized([first]) == {"raw_requests", "bedrock_jsonl"}

    waiting = deployment.tick("finished_jobs")
    assert not waiting.run_requests
    assert "1 request files wait" in waiting.skip_message

    deployment.let_jobs_end()
    over = deployment.tick("finished_jobs")
    (observation,) = over.asset_events
    assert any("Completed" in str(value.value) for value in observation.metadata.values())
    (second,) = deployment.launch(over)
    assert second.success
    assert materialized([second]) == {"batch_job", "classifications", "category_summary", "result_files"}

    name = deployment.warehouse.name("travel", CLASSIFICATIONS)
    counts = deployment.query(f'select "class", count(*) as requests from {name} group by "class"')
    assert sum(row["requests"] for row in counts) == 150
    assert deployment.query(f"select distinct request_file from {name}") == [{"request_file": "calls of May.csv"}]
    assert deployment.emulator.calls.creates_accepted == 1
    assert deployment.emulator.calls.texts_asked_twice() == []
    keys = [item["Key"] for item in deployment.emulator.client("s3").list_objects_v2(Bucket="customer")["Contents"]]
    assert any(key.startswith("output_data/travel/") and key.endswith("calls of May.csv") for key in keys)

    assert not deployment.tick("finished_jobs").run_requests
    assert not deployment.tick("request_files").run_requests
    assert deployment.messages() == 0


@pytest.mark.long
def test_more_files_than_places_are_served_oldest_first(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    inference = deployment.inference
    inference.max_jobs = 1
    deployment.emulator.durations.in_progress = 3600
    for number in range(3):
        deployment.put(f"input_data/travel/{number}.csv", [f"{text} {number}" for text in TEXTS])
    assert all(result.success for result in deployment.launch(deployment.tick("request_files")))
    assert deployment.emulator.calls.creates_accepted == 1
    served = []
    for _ in range(3):
        deployment.let_jobs_end()
        data = deployment.tick("finished_jobs")
        served += [request.partition_key for request in data.run_requests]
        assert all(result.success for result in deployment.launch(data))
    deployment.let_jobs_end()
    deployment.launch(deployment.tick("finished_jobs"))
    name = deployment.warehouse.name("travel", CLASSIFICATIONS)
    assert deployment.query(f"select count(*) as requests from {name}") == [{"requests": 450}]
    assert deployment.emulator.calls.creates_accepted == 3
    assert deployment.emulator.calls.texts_asked_twice() == []
    assert served[0] == "0.csv"


@pytest.mark.long
def test_a_key_encrypts_every_file_that_is_written(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the notes of jobs on demand, and what Bedrock is asked to write."""
    monkeypatch.setenv("BATCH_CLASSIFIER_KMS_KEY_ID", KMS_KEY)
    definitions = build_definitions(load_settings(prompts=PROMPTS), load_prompts(PROMPTS))
    deployment.definitions = definitions
    deployment.inference.poll_seconds = 0.05
    deployment.put("input_data/travel/few.csv", TEXTS[:3])
    deployment.tick("request_files")
    result = deployment.run("few.csv", wait_seconds=30)
    assert result.success, failure_of(result)
    s3, keys = deployment.s3, set()
    for bucket, folder in (("customer", "output_data/"), ("internal", "")):
        for found in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]:
            # What Athena writes is encrypted by Athena, which does not do so here.
            if not found["Key"].startswith("query-results/"):
                assert s3.head_object(Bucket=bucket, Key=found["Key"]).get("SSEKMSKeyId") == KMS_KEY, found["Key"]
                keys.add(found["Key"].split("/")[1])
    assert keys >= {"tables", "_notes", "travel"}
    request = JobRequest("job", load_prompts(PROMPTS).get("travel"), "travel/a.jsonl", "travel/answers", 100)
    deployment.inference.submit(request)
    (job,) = deployment.emulator.jobs
    assert job.request["outputDataConfig"]["s3OutputDataConfig"]["s3EncryptionKeyId"] == KMS_KEY
