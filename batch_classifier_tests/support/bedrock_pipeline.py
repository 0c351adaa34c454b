"""The travel prompt's pipeline on the Bedrock emulator, without Dagster."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batch_classifier.aws import clients as aws_clients
from batch_classifier.inference.bedrock.batch_inference import BedrockInference
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.s3_folder import S3Folder
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator
from batch_classifier_tests.support.core_pipeline import CorePipeline
from batch_classifier_tests.support.repository import PROMPTS

TEXTS = [f"User: I would like to change booking number {number}." for number in range(240)]
FEW = TEXTS[:30]


@contextmanager
def serving_bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockEmulator]:
    """A fresh emulator with the two buckets, which boto3 is led to; tries again are left to the runs, to save the time."""
    monkeypatch.setattr(aws_clients, "FEW_RETRIES", {"mode": "standard", "max_attempts": 1})
    with BedrockEmulator() as serving:
        serving.create_buckets("customer", "internal")
        for name, value in serving.environment.items():
            monkeypatch.setenv(name, value)
        yield serving


def pipeline(tmp_path: Path, **changes: object) -> CorePipeline:
    """The travel prompt's pipeline on Bedrock."""
    prompt: Prompt = load_prompts(PROMPTS).prompts["travel"].model_copy(update=changes)
    internal = S3Folder("s3://internal/work")
    inference = BedrockInference(internal, ROLE_ARN, poll_seconds=0.02)
    return CorePipeline(tmp_path, prompt, inference, internal)
