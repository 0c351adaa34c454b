"""What a service says of a job that failed, which decides whether its texts are sent again."""

from pathlib import Path

import pytest

from batch_classifier.inference.interface import Failure, Inference, Job, JobState
from batch_classifier.inference.open_inference import INFERENCES
from batch_classifier.settings import Settings

SERVICES = sorted(INFERENCES)
NO_MODEL = "The provided model identifier is invalid."
TOO_FEW = "Batch job j contains less records (2) than the required minimum of: 100"
# message: a part of the advice, None where another attempt may do; whether a job needs more records
BEDROCK = {
    "": (None, False),
    "Internal error": (None, False),
    NO_MODEL: ("correct model.id", False),
    "Could not validate GetObject permissions to access S3 bucket: b": ("give the job's role access", False),
    TOO_FEW: (None, True),
}


def service(home: Path, kind: str) -> Inference:
    settings = Settings(home=home, internal_uri="s3://bucket/internal" if kind == "bedrock" else str(home / "internal"))
    return INFERENCES[kind](settings)


def failed(message: str, state: JobState = JobState.FAILED) -> Job:
    return Job("job", "arn", state, message=message)


@pytest.mark.parametrize("message", BEDROCK)
def test_bedrocks_words_are_known(tmp_path: Path, message: str) -> None:
    failure = service(tmp_path, "bedrock").failure_of(failed(message))
    advice, has_too_few = BEDROCK[message]
    assert failure is not None and failure.has_too_few is has_too_few
    assert failure.advice is None if advice is None else advice in (failure.advice or "")


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.FAILED])
def test_words_count_only_in_a_job_that_failed(tmp_path: Path, kind: str, state: JobState) -> None:
    assert service(tmp_path, kind).failure_of(failed(NO_MODEL, state)) is None


@pytest.mark.parametrize("kind", SERVICES)
def test_what_aws_refuses_to_our_own_process_is_not_tried_again(tmp_path: Path, kind: str) -> None:
    """Batches may lie on S3 whoever answers them."""
    job = failed("Cannot read s3://bucket/key: the AWS session has expired; sign in again.")
    assert service(tmp_path, kind).failure_of(job) == Failure("then materialize again")


def test_bedrocks_words_mean_nothing_to_another_service(tmp_path: Path) -> None:
    assert service(tmp_path, "local").failure_of(failed(NO_MODEL)) == Failure()
