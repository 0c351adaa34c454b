"""What goes wrong at S3 while the aws deployment works: a clear error or a retry, nothing lost, nothing half visible."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.emulators.storage_faults import StorageFaults
from batch_classifier_tests.support.aws_deployment import PIPELINE_KEY, TEXTS, Deployment, deployed
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence

FILE = "calls.csv"


@pytest.fixture
def faults() -> StorageFaults:
    """What goes wrong for the pipeline, and not for Bedrock and Athena."""
    return StorageFaults(PIPELINE_KEY)


@pytest.fixture
def deployment(faults: StorageFaults, tmp_path: Path) -> Iterator[Deployment]:
    emulator = BedrockEmulator()
    emulator.guard(faults)
    with emulator, deployed(emulator, tmp_path) as made:
        made.inference.poll_seconds = 0.05
        made.put(f"input_data/travel/{FILE}", TEXTS)
        yield made


def classified(deployment: Deployment) -> int:
    """How many rows an analyst sees."""
    name = deployment.warehouse.name("travel", CLASSIFICATIONS)
    return int(deployment.query(f"select count(*) as requests from {name}")[0]["requests"])


def result_files(deployment: Deployment) -> list[str]:
    """What a person finds."""
    found = deployment.s3.list_objects_v2(Bucket="customer", Prefix="output_data/").get("Contents", [])
    return [entry["Key"] for entry in found]


def begin(deployment: Deployment, request_file: str = FILE) -> None:
    """What the sensor does before a run."""
    (request,) = deployment.tick("request_files").run_requests
    assert request.partition_key == request_file


def _expired_after(last: int) -> Callable[[int, str, str], str | None]:
    return lambda number, _method, _path: "ExpiredToken" if number > last else None


@pytest.mark.long
def test_a_session_that_expires_in_the_middle(deployment: Deployment, faults: StorageFaults) -> None:
    """It ends after so many calls of S3, and each time somebody signs in again: it comes to its end, and paid once."""
    begin(deployment)
    outcomes: list[dg.ExecuteInProcessResult] = []
    allowed = 2
    while not outcomes or not outcomes[-1].success:
        faults.rule = _expired_after(faults.calls + allowed)
        outcomes.append(deployment.run(FILE, wait_seconds=30))
        faults.rule = lambda number, method, path: None
        if not outcomes[-1].success:
            told = failure_of(outcomes[-1])
            assert is_one_sentence(told) and "the AWS session has expired" in told and "sign in again" in told, told
            assert classified(deployment) in (0, len(TEXTS))
        allowed *= 3
    assert len(outcomes) >= 4
    assert classified(deployment) == len(TEXTS) and len(result_files(deployment)) == 2
    assert deployment.emulator.calls.creates_accepted == 1
    assert deployment.emulator.calls.texts_asked_twice() == []


def test_a_file_that_is_deleted_before_its_run_is_told(deployment: Deployment) -> None:
    begin(deployment)
    deployment.s3.delete_object(Bucket="customer", Key=f"input_data/travel/{FILE}")
    result = deployment.run(FILE)
    told = failure_of(result)
    assert not result.success and is_one_sentence(told) and f"s3://customer/input_data/travel/{FILE}" in told
    assert classified(deployment) == 0 and deployment.emulator.calls.creates == 0
    # The same content again is a new file all the same, by the time it was written.
    time.sleep(1)
    deployment.put(f"input_data/travel/{FILE}", TEXTS)
    begin(deployment)


@pytest.mark.long
def test_a_file_that_is_replaced_before_its_run_is_run_once_and_a_throttled_s3_is_waited_for(
    deployment: Deployment, faults: StorageFaults
) -> None:
    begin(deployment)
    deployment.put(f"input_data/travel/{FILE}", TEXTS[:120])
    faults.rule = lambda number, method, path: {0: "SlowDown", 7: "InternalError"}.get(number % 30)
    result = deployment.run(FILE, wait_seconds=30)
    assert result.success, failure_of(result)
    assert faults.calls > 60 and classified(deployment) == 120
    for _ in range(2):
        assert not deployment.tick("request_files").run_requests
    assert deployment.messages() == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("PermanentRedirect", "the bucket is in another Region; set AWS_REGION to the bucket's own"),
        ("InvalidAccessKeyId", "AWS does not accept these credentials"),
        ("ExpiredToken", "the AWS session has expired; sign in again"),
    ],
)
def test_a_sensor_that_cannot_reach_its_bucket_says_why_and_loses_nothing(
    deployment: Deployment, faults: StorageFaults, code: str, said: str
) -> None:
    faults.rule = lambda number, method, path: code
    with pytest.raises(dg.Failure) as told:
        deployment.tick("request_files")
    assert said in str(told.value.description) and is_one_sentence(str(told.value.description))
    faults.rule = lambda number, method, path: None
    begin(deployment)


def test_a_bucket_that_is_not_there_is_told_by_sensor_and_run(deployment: Deployment) -> None:
    begin(deployment)
    for bucket, said in (("internal", "the bucket does not exist"), ("customer", "the file is not there")):
        for found in deployment.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            deployment.s3.delete_object(Bucket=bucket, Key=found["Key"])
        deployment.s3.delete_bucket(Bucket=bucket)
        told = failure_of(deployment.run(FILE, ["raw_requests"]))
        assert is_one_sentence(told) and f"s3://{bucket}/" in told and said in told, told
    with pytest.raises(dg.Failure, match="the bucket does not exist; create it, or mend its name"):
        deployment.tick("request_files")
