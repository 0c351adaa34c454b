"""The stack is created, changed, removed and created again; whatever goes wrong is told in one sentence."""

import datetime
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.command_line.main import command_line
from batch_classifier.deployment import stored_data
from batch_classifier.deployment.stack import TEMPLATE, deploy, destroy
from batch_classifier.deployment.stack_changes import StackChanges
from batch_classifier.deployment.stored_data import StoredData
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier_tests.emulators.ministack import ACCOUNT, REGION, MiniStack, template_for_ministack
from batch_classifier_tests.support.repository import REPOSITORY

NAME = "shop-texts"
CUSTOMER, INTERNAL = (f"{NAME}-{part}-{ACCOUNT}-{REGION}" for part in ("customer", "internal"))
MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """One server for all tests here."""
    with MiniStack(tmp_path_factory.mktemp("ministack")) as ministack:
        yield ministack


@pytest.fixture
def template(serving: MiniStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The template, with boto3 led to the server; no stack is left behind."""
    for name, value in serving.environment.items():
        monkeypatch.setenv(name, value)
    # boto3 keeps the first session of a process, with what it was told then.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    yield template_for_ministack(tmp_path)
    destroy(NAME, delete_data=True, say=lambda line: None, poll_seconds=0.01)


def put_up(template: Path, said: list[str] | None = None, **parameters: str) -> dict[str, str]:
    """Deploy, quickly."""
    say = (said if said is not None else []).append
    return deploy(NAME, parameters, template, say=say, poll_seconds=0.01)


def test_a_new_stack_gives_the_settings(template: Path) -> None:
    said: list[str] = []
    settings = put_up(template, said)
    assert settings.pop("BATCH_CLASSIFIER_SQS_URL").endswith(f"/{ACCOUNT}/{NAME}-new-files")
    assert settings.pop("BATCH_CLASSIFIER_BEDROCK_ROLE_ARN").startswith(
        f"arn:aws:iam::{ACCOUNT}:role/{NAME}-BedrockJobRole"
    )
    assert settings == {
        "BATCH_CLASSIFIER_DEPLOYMENT": "aws",
        "AWS_REGION": REGION,
        "BATCH_CLASSIFIER_CUSTOMER_URI": f"s3://{CUSTOMER}",
        "BATCH_CLASSIFIER_INTERNAL_URI": f"s3://{INTERNAL}/batches",
        "BATCH_CLASSIFIER_TABLES_URI": f"s3://{INTERNAL}/tables",
        "BATCH_CLASSIFIER_GLUE_DATABASE": "shop_texts",
        "BATCH_CLASSIFIER_ATHENA_WORKGROUP": NAME,
        "BATCH_CLASSIFIER_ATHENA_OUTPUT": f"s3://{INTERNAL}/query-results/",
        "BATCH_CLASSIFIER_ALERT_TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-alerts",
    }
    assert any("CREATE_COMPLETE" in line and "CustomerBucket" in line for line in said)


def test_a_change_keeps_what_is_not_given(template: Path) -> None:
    put_up(template, InternalFilesRetentionDays="30")
    said: list[str] = []
    put_up(template, said)
    assert said[-1] == "Nothing to change."
    put_up(template, AthenaScanLimitBytes="50000000")
    found = boto3.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
    assert {"ParameterKey": "InternalFilesRetentionDays", "ParameterValue": "30"} in found["Parameters"]
    configuration = boto3.client("athena").get_work_group(WorkGroup=NAME)["WorkGroup"]["Configuration"]
    assert int(configuration["BytesScannedCutoffPerQuery"]) == 50_000_000


def test_a_new_file_is_told_of_in_the_queue(template: Path) -> None:
    url = put_up(template)["BATCH_CLASSIFIER_SQS_URL"]
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    s3.put_object(Bucket=CUSTOMER, Key="input_data/travel/calls of May.csv", Body=b"text\nhello\n")
    s3.put_object(Bucket=CUSTOMER, Key="output_data/travel/calls.csv", Body=b"")
    bodies = ""
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += "".join(message["Body"] for message in found)
    assert "input_data/travel/calls+of+May.csv" in bodies
    assert "output_data" not in bodies


def test_destroy_keeps_the_data_and_a_new_stack_takes_it_over(template: Path) -> None:
    put_up(template)
    s3 = boto3.client("s3")
    s3.put_object(Bucket=CUSTOMER, Key="input_data/travel/calls.csv", Body=b"text\nhello\n")
    said: list[str] = []
    destroy(NAME, say=said.append, poll_seconds=0.01)
    assert f"Kept: the buckets {CUSTOMER} and {INTERNAL}, and the Glue database shop_texts" in said[-1]
    assert s3.get_object(Bucket=CUSTOMER, Key="input_data/travel/calls.csv")["Body"].read() == b"text\nhello\n"
    # MiniStack prepares the takeover as AWS does, but then trips over the names itself; so it is looked at before.
    with pytest.raises(ClassifierError, match="already exists"):
        put_up(template)
    cloudformation = boto3.client("cloudformation")
    cloudformation.delete_stack(StackName=NAME)
    made = cloudformation.create_change_set(
        StackName=NAME,
        ChangeSetName="again",
        ChangeSetType="CREATE",
        TemplateBody=StoredData(NAME, ACCOUNT, REGION).write_names_out(template.read_text()),
        Capabilities=["CAPABILITY_IAM"],
        ImportExistingResources=True,
    )
    changes = cloudformation.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    imported = {
        change["ResourceChange"]["LogicalResourceId"]
        for change in changes
        if change["ResourceChange"]["Action"] == "Import"
    }
    assert imported == {"CustomerBucket", "InternalBucket"}


def test_delete_data_removes_every_version(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_data, "OBJECTS_A_CALL", 10)
    put_up(template)
    s3 = boto3.client("s3")
    for content in (b"1", b"2"):
        s3.put_object(Bucket=CUSTOMER, Key="input_data/travel/calls.csv", Body=content)
    s3.delete_object(Bucket=CUSTOMER, Key="input_data/travel/calls.csv")
    for number in range(25):
        s3.put_object(Bucket=INTERNAL, Key=f"tables/{number}", Body=b"")
    said: list[str] = []
    destroy(NAME, delete_data=True, say=said.append, poll_seconds=0.01)
    assert said[-1] == f"Deleted with all they held: {CUSTOMER}, {INTERNAL}, shop_texts."
    for bucket in (CUSTOMER, INTERNAL):
        with pytest.raises(ClientError, match="404"):
            s3.head_bucket(Bucket=bucket)
    destroy(NAME, delete_data=True, say=said.append, poll_seconds=0.01)
    assert said[-2:] == [
        f"There is no stack {NAME} in account {ACCOUNT}, Region {REGION}.",
        "There was no data left to delete.",
    ]


def test_a_rollback_is_told_with_its_reason_and_cleared_away_the_next_time(template: Path) -> None:
    whole = template.read_text()
    template.write_text(whole.replace("VisibilityTimeout: 300", "VisibilityTimeout: 999999"))
    with pytest.raises(ClassifierError, match=r"ended as ROLLBACK_COMPLETE: NewFilesQueue: .*VisibilityTimeout"):
        put_up(template)
    template.write_text(whole)
    said: list[str] = []
    assert put_up(template, said)["BATCH_CLASSIFIER_CUSTOMER_URI"] == f"s3://{CUSTOMER}"
    assert any("was never finished (ROLLBACK_COMPLETE)" in line for line in said)


def test_parameters_are_checked_before_anything_is_made(template: Path) -> None:
    with pytest.raises(ClassifierError, match="Retention is no parameter of the template; those are AlertEmail, "):
        put_up(template, Retention="5")
    with pytest.raises(SettingError, match="CreateGlueDatabase cannot be given"):
        put_up(template, CreateGlueDatabase="false")
    with pytest.raises(ClassifierError, match="InternalFilesRetentionDays"):
        put_up(template, InternalFilesRetentionDays="1")
    assert not [
        bucket for bucket in boto3.client("s3").list_buckets()["Buckets"] if bucket["Name"] in (CUSTOMER, INTERNAL)
    ]


@pytest.mark.parametrize("name", ["Shop", "1shop", "s", "shop_texts", "shop-", "a" * 27])
def test_a_name_that_buckets_cannot_take_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="cannot be the stack's name"):
        deploy(name, clients=DeploymentClients())


def run(*arguments: str, answer: str | None = None) -> Result:
    """A command of the command line; `answer` is typed when it asks."""
    return CliRunner().invoke(command_line, list(arguments), input=answer)


def test_the_command_prints_settings_and_asks_before_it_deletes(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StackChanges, "_pause", lambda changes, deadline: time.sleep(0.01))
    made = run("deploy", "--stack", NAME, "--parameter", "MonthlyBudgetUsd=5", "--template", str(template))
    assert made.exit_code == 0
    assert f"\nBATCH_CLASSIFIER_INTERNAL_URI=s3://{INTERNAL}/batches\n" in made.output
    for answer in ("n", "", "yes"):
        refused = run("destroy", "--stack", NAME, "--delete-data", answer=f"{answer}\n")
        assert refused.exit_code == 1 and "Nothing was deleted." in refused.output
        assert f"It also deletes, for good and in all versions: the buckets {CUSTOMER}" in refused.output
    nobody = run("destroy", "--stack", NAME, answer="")
    assert nobody.exit_code == 1 and "Error: There is nobody to ask; add --yes" in nobody.output
    assert StackChanges(DeploymentClients(), NAME).find() is not None
    removed = run("destroy", "--stack", NAME, answer="y\n")
    assert removed.exit_code == 0 and "It keeps the buckets" in removed.output and "is deleted" in removed.output
    removed = run("destroy", "--stack", NAME, "--delete-data", answer=f"{NAME}\n")
    assert removed.exit_code == 0 and f"Deleted with all they held: {CUSTOMER}" in removed.output
    assert run("destroy", "--stack", NAME, "--yes").exit_code == 0


def test_an_interrupt_says_what_goes_on(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(changes: StackChanges, stack_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(StackChanges, "_follow", interrupt)
        interrupted = run("deploy", "--stack", NAME, "--template", str(template))
    assert interrupted.exit_code == 130
    assert "Interrupted; AWS goes on with what was begun. Start again to see it through." in interrupted.output


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("deploy", "--parameter", "MonthlyBudgetUsd"), "'MonthlyBudgetUsd' is no parameter; write it as Key=Value."),
        (("deploy", "--parameter", "=5"), "'=5' is no parameter; write it as Key=Value."),
        (("deploy", "--stack", ""), "'' cannot be the stack's name"),
        (("destroy", "--stack", "Shop", "--yes"), "'Shop' cannot be the stack's name"),
    ],
)
def test_options_that_will_not_do(arguments: tuple[str, ...], said: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 1 and f"Error: {said}" in refused.output


@pytest.mark.parametrize("content", [None, b"\xff\xfe no text"])
def test_a_template_that_cannot_be_read_is_told(template: Path, content: bytes | None, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    if content is not None:
        other.write_bytes(content)
    refused = run("deploy", "--stack", NAME, "--template", str(other))
    assert refused.exit_code == 1 and f"Error: The template {other} " in refused.output


def test_the_template_is_part_of_the_package(tmp_path: Path) -> None:
    """Built as a wheel is, from what the project's file says belongs to it."""
    for name in ("pyproject.toml", "README.md", "batch_classifier"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    command = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "build_py", "--build-lib", "built"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    built = tmp_path / "built" / "batch_classifier" / "deployment" / "template.yaml"
    assert built.read_bytes() == TEMPLATE.read_bytes()


def test_make_calls_the_commands() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "deploy-aws", "destroy-aws", "ARGS=--stack texts"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert [line.rpartition("/")[2] for line in told.splitlines()] == [
        "batch-classifier deploy --stack texts",
        "batch-classifier destroy --stack texts",
    ]


def refused(answer: Exception | str, monkeypatch: pytest.MonkeyPatch) -> DeploymentClients:
    """Clients whose caller is refused at the first call."""
    clients = DeploymentClients(boto3.Session("key", "secret", region_name=REGION))
    sts = clients.of("sts")
    if isinstance(answer, Exception):

        def fail(**_: Any) -> None:
            raise answer

        monkeypatch.setattr(sts, "get_caller_identity", fail)
    else:
        stubber = Stubber(sts)
        stubber.add_client_error("get_caller_identity", answer, "The security token is not valid")
        stubber.activate()
    return clients


@pytest.mark.parametrize(
    "answer, said",
    [
        (NoCredentialsError(), "Cannot sign in to AWS: no AWS credentials were found; sign in, or set AWS_PROFILE."),
        ("ExpiredToken", "Cannot sign in to AWS: the AWS session has expired; sign in again."),
        (
            "InvalidClientTokenId",
            "these credentials (The security token is not valid); sign in again, or set AWS_PROFILE.",
        ),
    ],
)
def test_credentials_that_will_not_do(answer: Exception | str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClassifierError) as caught:
        deploy(NAME, clients=refused(answer, monkeypatch))
    assert said in str(caught.value)


def test_no_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    refused = run("deploy")
    assert (refused.exit_code, refused.output) == (1, "Error: No AWS Region is set; set AWS_REGION.\n")


def test_a_env_file_names_region_and_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("AWS_REGION=eu-west-1\nAWS_PROFILE=nobody\n")
    for arguments in (["deploy"], ["destroy", "--yes"]):
        assert "there is no such AWS profile" in run(*arguments).output


@pytest.mark.parametrize(
    "status, said",
    [
        ("UPDATE_IN_PROGRESS", "is being changed (UPDATE_IN_PROGRESS); start again when that is over."),
        ("UPDATE_ROLLBACK_FAILED", "is stuck (UPDATE_ROLLBACK_FAILED); mend it in the CloudFormation console."),
    ],
)
def test_a_stack_that_cannot_be_changed_now(status: str, said: str) -> None:
    clients = DeploymentClients(boto3.Session("key", "secret", region_name=REGION))
    with Stubber(clients.of("cloudformation")) as stubber:
        found = {"StackName": NAME, "StackStatus": status, "CreationTime": MOMENT}
        stubber.add_response("describe_stacks", {"Stacks": [found]})
        with pytest.raises(ClassifierError) as caught:
            StackChanges(clients, NAME).find_ready()
    assert said in str(caught.value)
