"""Serve S3 and Bedrock on loopback, to try the whole aws deployment by hand without an account.

python -m batch_classifier_tests.emulators.serve --port 5555 --prompts prompts
"""

import argparse
import json
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from batch_classifier_tests.emulators.limits import Durations, Limits
from batch_classifier_tests.emulators.model_access import Access
from batch_classifier_tests.emulators.responders import (
    AnswersByTask,
    LocalEngineAnswers,
    NamedCategoryAnswers,
    Responder,
)
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator

CUSTOMER_BUCKET = "customer"
INTERNAL_BUCKET = "internal"


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=5555, help="port on 127.0.0.1 (default: 5555; 0 takes a free one)")
    parser.add_argument("--seconds", type=float, default=45.0, help="how long a job takes (default: 45)")
    parser.add_argument("--prompts", type=Path, help="answer with the local engine, for the prompts in this folder")
    parser.add_argument("--at-least", type=int, default=100, help="records that a job needs (default: 100, as at AWS)")
    parser.add_argument("--region", default="us-east-1", help="AWS Region (default: us-east-1)")
    return parser.parse_args(arguments)


def choose_responder(prompts: Path | None) -> Responder:
    """The local engine for each prompt of the folder; without a folder, a rule that looks for category names."""
    if prompts is None:
        return NamedCategoryAnswers()
    from batch_classifier.prompts.loading import load_prompts

    loaded = load_prompts(prompts)
    if not loaded.prompts:
        raise SystemExit("\n".join(str(error) for error in loaded.errors) or f"{prompts} has no prompt files")
    return AnswersByTask(
        [LocalEngineAnswers(prompt.categories, prompt.fallback.name) for prompt in loaded.prompts.values()]
    )


def list_settings(emulator: BedrockEmulator) -> dict[str, str]:
    """What to export so that the whole aws deployment runs here."""
    return emulator.environment | {
        "BATCH_CLASSIFIER_DEPLOYMENT": "aws",
        "BATCH_CLASSIFIER_CUSTOMER_URI": f"s3://{CUSTOMER_BUCKET}",
        "BATCH_CLASSIFIER_INTERNAL_URI": f"s3://{INTERNAL_BUCKET}",
        "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": ROLE_ARN,
        "BATCH_CLASSIFIER_ATHENA_OUTPUT": f"s3://{INTERNAL_BUCKET}/query-results/",
    }


def make_account(emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make deploy-aws` makes in an account, as far as the doctor looks: the role of the jobs and the Glue database."""
    emulator.create_buckets(CUSTOMER_BUCKET, INTERNAL_BUCKET)
    account = ROLE_ARN.split(":")[4]
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    emulator.client("iam").create_role(RoleName=ROLE_ARN.rsplit("/", 1)[-1], AssumeRolePolicyDocument=document)
    emulator.client("glue").create_database(DatabaseInput={"Name": "batch_classifier"})
    Access().install(monkeypatch)


def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is told to end; everything in it is forgotten then."""
    is_over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_over.set())
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        BedrockEmulator(
            limits=Limits(records_per_job_at_least=arguments.at_least),
            durations=Durations.over(arguments.seconds),
            responder=choose_responder(arguments.prompts),
            region=arguments.region,
            port=arguments.port,
        ) as emulator,
    ):
        make_account(emulator, monkeypatch)
        print(
            f"# S3, Bedrock, Glue and Athena at {emulator.endpoint_url}, in memory; Ctrl-C ends it. In another terminal:"
        )
        for name, value in list_settings(emulator).items():
            print(f"export {name}={value}")
        print("# Files for a prompt go to, say:")
        print(f"# aws s3 cp calls.csv s3://{CUSTOMER_BUCKET}/input_data/travel/", flush=True)
        is_over.wait()


if __name__ == "__main__":
    serve(read_arguments())
