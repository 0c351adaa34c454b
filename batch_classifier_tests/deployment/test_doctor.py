"""The doctor finds a whole deployment healthy, and names each part that is not, with what to do about it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.command_line.main import command_line
from batch_classifier.deployment import doctor_tables
from batch_classifier.deployment.doctor import check_deployment, report
from batch_classifier.deployment.doctor_buckets import PROBE
from batch_classifier.deployment.verdicts import Verdict
from batch_classifier.settings import PREFIX, Settings
from batch_classifier_tests.emulators.model_access import MODEL, Access
from batch_classifier_tests.emulators.server import BedrockEmulator, reset_moto
from batch_classifier_tests.support.repository import PROMPTS

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:new-files"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}],
    }
)
BUCKET_TELLS = {"QueueArn": QUEUE_ARN, "Events": ["s3:ObjectCreated:*"]}


@dataclass
class Deployment:
    """An emulated deployment and its settings."""

    settings: Settings
    access: Access
    clients: DeploymentClients | None

    def check(self, **changed: Any) -> dict[str, Verdict]:
        """The verdicts by name, with some settings changed."""
        found = check_deployment(self.settings.model_copy(update=changed), self.clients)
        return {verdict.name: verdict for verdict in found}


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[BedrockEmulator, DeploymentClients]]:
    """One emulator and one set of clients for all tests here; making clients is most of a check's time."""
    with BedrockEmulator() as emulator:
        keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
            clients = DeploymentClients(boto3.Session(region_name="us-east-1", **keys))
            for service in ("sts", "s3", "sqs", "iam", "bedrock", "glue", "athena"):
                clients.of(service)
        yield emulator, clients


@pytest.fixture
def deployment(
    serving: tuple[BedrockEmulator, DeploymentClients], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Deployment]:
    """Everything that the template makes, as far as the doctor looks."""
    emulator, clients = serving
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    # boto3 keeps the first session of a process, with what it was told then.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    reset_moto()
    (access := Access()).install(monkeypatch)
    emulator.create_buckets("customer", "internal")
    redrive = {"deadLetterTargetArn": f"{QUEUE_ARN}-dead", "maxReceiveCount": 5}
    emulator.client("sqs").create_queue(QueueName="new-files-dead")
    attributes = {"Policy": POLICY, "RedrivePolicy": json.dumps(redrive)}
    url = emulator.client("sqs").create_queue(QueueName="new-files", Attributes=attributes)["QueueUrl"]
    notify(BUCKET_TELLS)
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    role_arn = make_role({"Principal": {"Service": "bedrock.amazonaws.com"}, "Condition": condition})
    emulator.client("glue").create_database(DatabaseInput={"Name": "texts"})
    results = {"ResultConfiguration": {"OutputLocation": "s3://internal/query-results/"}}
    emulator.client("athena").create_work_group(Name="texts", Configuration=results)
    settings = Settings(
        deployment="aws",
        prompts=PROMPTS,
        home=tmp_path,
        customer_uri="s3://customer",
        internal_uri="s3://internal/batches",
        sqs_url=url,
        bedrock_role_arn=role_arn,
        glue_database="texts",
        athena_workgroup="texts",
    )
    yield Deployment(settings, access, clients)


def notify(*configurations: dict[str, Any]) -> None:
    """Let the customer's bucket tell these."""
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket="customer", NotificationConfiguration={"QueueConfigurations": list(configurations)}
    )


def make_role(trust: dict[str, Any], name: str = "bedrock") -> str:
    """A role with that trust."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"} | trust
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


def test_a_whole_deployment_is_healthy_and_left_as_it_was(deployment: Deployment) -> None:
    verdicts = deployment.check()
    assert {name: verdict.finding for name, verdict in verdicts.items() if verdict.status != "ok"} == {}
    assert list(verdicts) == [
        *("Prompts", "Credentials", "Region", "Request files and results", "Batches and answers", "Queue"),
        *("Bedrock role", f"Model {MODEL}", "Prices", "Glue database", "Tables", "Athena"),
    ]
    for bucket in ("customer", "internal"):
        kept = boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        assert [entry["Key"] for entry in kept if PROBE in entry["Key"]] == []


def broken(verdicts: dict[str, Verdict]) -> tuple[str, Verdict]:
    """The one part that is not as it should be."""
    (found,) = [(name, verdict) for name, verdict in verdicts.items() if verdict.status != "ok"]
    return found


@pytest.mark.parametrize(
    "changed, name, finding, advice",
    [
        (
            {"customer_uri": "s3://no-such-bucket-here", "sqs_url": None},
            "Request files and results",
            "does not exist",
            "deploy-aws",
        ),
        ({"internal_uri": None}, "Batches and answers", "BATCH_CLASSIFIER_INTERNAL_URI is not set", ""),
        ({"sqs_url": "http://127.0.0.1/123456789012/gone"}, "Queue", "does not exist", "BATCH_CLASSIFIER_SQS_URL"),
        ({"bedrock_role_arn": None}, "Bedrock role", "No role is set", "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN"),
        ({"bedrock_role_arn": "arn:aws:iam::123456789012:role/gone"}, "Bedrock role", "does not exist", "deploy-aws"),
        ({"glue_database": "gone"}, "Glue database", "gone does not exist", "BATCH_CLASSIFIER_GLUE_DATABASE"),
        ({"athena_workgroup": "gone"}, "Athena", "gone does not exist", "BATCH_CLASSIFIER_ATHENA_WORKGROUP"),
        ({"athena_workgroup": "primary"}, "Athena", "has no place for results", "BATCH_CLASSIFIER_ATHENA_OUTPUT"),
    ],
)
def test_a_setting_that_leads_nowhere_is_named(
    deployment: Deployment, changed: dict[str, Any], name: str, finding: str, advice: str
) -> None:
    found, verdict = broken(deployment.check(**changed))
    assert (found, verdict.status) == (name, "fail")
    assert finding in verdict.finding
    assert advice in verdict.advice


def test_a_bucket_in_another_region(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    boto3.client("s3", region_name="eu-west-1").create_bucket(Bucket="far-away", **elsewhere)
    found, verdict = broken(deployment.check(internal_uri="s3://far-away/batches"))
    assert found == "Batches and answers"
    assert verdict.finding == "The bucket far-away is in eu-west-1, but calls go to us-east-1."
    assert "AWS_REGION=eu-west-1" in verdict.advice


@pytest.mark.parametrize(
    "configuration, finding",
    [(None, "does not tell"), (BUCKET_TELLS | {"Events": ["s3:ObjectRemoved:*"]}, "does not tell")],
)
def test_a_bucket_that_does_not_tell_the_queue(
    deployment: Deployment, configuration: dict[str, Any] | None, finding: str
) -> None:
    notify(*([configuration] if configuration else []))
    found, verdict = broken(deployment.check())
    assert (found, verdict.status) == ("Queue", "fail")
    assert finding in verdict.finding


@pytest.mark.parametrize(
    "attributes, status, finding",
    [({}, "fail", "does not let S3 send to it"), ({"Policy": POLICY}, "warn", "has no dead-letter queue")],
)
def test_a_queue_that_lacks_something(
    deployment: Deployment, attributes: dict[str, str], status: str, finding: str
) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="plain", Attributes=attributes)["QueueUrl"]
    notify(BUCKET_TELLS | {"QueueArn": QUEUE_ARN.replace("new-files", "plain")})
    found, verdict = broken(deployment.check(sqs_url=url))
    assert (found, verdict.status) == ("Queue", status)
    assert finding in verdict.finding


@pytest.mark.parametrize(
    "trust, status, finding",
    [
        ({"Principal": {"Service": "ec2.amazonaws.com"}}, "fail", "Bedrock may not assume"),
        ({"Principal": {"Service": ["bedrock.amazonaws.com"]}}, "warn", "on behalf of any account"),
    ],
)
def test_a_role_that_trusts_the_wrong_ones(
    deployment: Deployment, trust: dict[str, Any], status: str, finding: str
) -> None:
    found, verdict = broken(deployment.check(bedrock_role_arn=make_role(trust, "other")))
    assert (found, verdict.status) == ("Bedrock role", status)
    assert finding in verdict.finding


@pytest.mark.parametrize(
    "access, status, finding, advice",
    [
        (Access(agreement="NOT_AVAILABLE"), "fail", "has no access to it (agreement: NOT_AVAILABLE)", "Model access"),
        (Access(types=("INFERENCE_PROFILE",)), "fail", "cannot be asked by its own id", f"us.{MODEL}"),
        (Access(lifecycle="LEGACY"), "warn", "legacy", "newer model"),
        (Access(refusal="ResourceNotFoundException"), "fail", "does not know it here", "now us-east-1"),
        (Access(refusal="AccessDeniedException"), "warn", "cannot be looked at", "Try it with one file"),
    ],
)
def test_a_model_that_cannot_be_asked(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, access: Access, status: str, finding: str, advice: str
) -> None:
    access.install(monkeypatch)
    found, verdict = broken(deployment.check())
    assert (found, verdict.status) == (f"Model {MODEL}", status)
    assert finding in verdict.finding and "asked by lost_deals, travel" in verdict.finding
    assert advice in verdict.advice


def test_an_inference_profile_is_looked_up_as_such(deployment: Deployment, tmp_path: Path) -> None:
    text = (PROMPTS / "travel.yaml").read_text()
    (tmp_path / "travel.yaml").write_text(text.replace(MODEL, f"us.{MODEL}"))
    assert deployment.check(prompts=tmp_path)[f"Model us.{MODEL}"].status == "ok"


def test_tables_that_would_expire_are_found_out(deployment: Deployment) -> None:
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "batches/"}, "Expiration": {"Days": 90}}
    boto3.client("s3").put_bucket_lifecycle_configuration(Bucket="internal", LifecycleConfiguration={"Rules": [rule]})
    found, verdict = broken(deployment.check())
    assert (found, verdict.status) == ("Tables", "fail")
    assert verdict.finding == "The rule 'old' of internal deletes tables below s3://internal/batches/tables."


def test_a_query_that_fails_or_takes_too_long(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_tables, "QUERY", "select nonsense from nowhere")
    found, verdict = broken(deployment.check())
    assert (found, verdict.status) == ("Athena", "fail")
    monkeypatch.setattr(doctor_tables, "QUERY_SECONDS", -1.0)
    monkeypatch.setattr(doctor_tables, "_wait", lambda clients, identifier: ("RUNNING", ""))
    assert broken(deployment.check())[1].status == "warn"


def test_an_aws_that_does_not_answer_fails_every_check_but_raises_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.clients = None
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    verdicts = deployment.check()
    assert [name for name, verdict in verdicts.items() if verdict.status == "ok"] == ["Prompts", "Region", "Prices"]
    assert "AWS cannot be reached" in verdicts["Credentials"].finding


def test_regions_that_disagree_and_no_region(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert deployment.check()["Region"].status == "warn"
    deployment.clients = None
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    verdicts = deployment.check()
    assert verdicts["Region"].finding == "No AWS Region is set."
    assert "set AWS_REGION" in verdicts["Glue database"].finding


def test_the_report_shows_what_to_do_and_no_secret(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "only-between-us")
    for name, value in deployment.settings.model_dump(exclude_none=True).items():
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", str(value))
    checked = CliRunner().invoke(command_line, ["doctor"])
    assert checked.exit_code == 0 and len(checked.output.splitlines()) == 12, checked.output
    monkeypatch.setenv("BATCH_CLASSIFIER_GLUE_DATABASE", "gone")
    checked = CliRunner().invoke(command_line, ["doctor"])
    assert checked.exit_code == 1
    printed = checked.output
    assert "fail  Glue database" in printed and "-> Create it with `make deploy-aws`" in printed
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in printed
    assert report([]) == ""
