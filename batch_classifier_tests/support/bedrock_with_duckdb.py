"""Bedrock and buckets of the emulators, with tables on this machine; jobs take as long as a test says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.aws import clients as aws_clients
from batch_classifier.inference.bedrock import batch_inference as bedrock
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator
from batch_classifier_tests.support.aws_deployment import Deployment
from batch_classifier_tests.support.stored_instance import stored_instance_in

LATER = 4000


@contextmanager
def deployed_with_duckdb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployment]:
    """Bedrock with tables in DuckDB; jobs take an hour, and listings are not kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("batch_classifier.requests.request_files.SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(bedrock, "_LISTING_SECONDS", 0.0)
    monkeypatch.setattr(aws_clients, "FEW_RETRIES", {"mode": "standard", "max_attempts": 0})
    with BedrockEmulator() as emulator, stored_instance_in(tmp_path) as instance:
        emulator.create_buckets("customer", "internal")
        emulator.durations.in_progress = 3600
        settings = {
            **emulator.environment,
            "BATCH_CLASSIFIER_CUSTOMER_URI": "s3://customer",
            "BATCH_CLASSIFIER_INTERNAL_URI": "s3://internal/work",
            "BATCH_CLASSIFIER_INFERENCE": "bedrock",
            "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": ROLE_ARN,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield Deployment(emulator, instance)


def go_on(deployment: Deployment, prompt: str, name: str, *assets: str) -> dg.ExecuteInProcessResult:
    """One run of a file up to its classifications."""
    chosen = assets or ("raw_requests", "bedrock_jsonl", "batch_job", "classifications")
    return dg.materialize(
        list(deployment.definitions.assets or []),  # type: ignore[arg-type]
        selection=[dg.AssetKey([prompt, asset]) for asset in chosen],
        resources=deployment.definitions.resources,
        instance=deployment.instance,
        partition_key=name,
        raise_on_error=False,
    )
