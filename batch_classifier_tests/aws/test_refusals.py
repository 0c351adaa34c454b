"""What AWS refuses is one sentence with what to do, the same in the pipeline and in the deployment's tools."""

from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    SSOTokenLoadError,
)
from botocore.stub import Stubber

from batch_classifier.aws.clients import AwsClients, DeploymentClients
from batch_classifier.aws.refusals import explain, told_plainly
from batch_classifier.deployment.stored_data import StoredData
from batch_classifier.deployment.verdicts import Verdict, run_checks
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.bedrock.messages import advice_on
from batch_classifier.storage.s3_folder import S3Folder
from batch_classifier_tests.support.outcomes import is_one_sentence


def refusal(code: str, words: str = "in their words.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": words}}, "GetThing")


@pytest.mark.parametrize(
    ("error", "clause"),
    [
        (refusal("AccessDenied"), "AWS does not allow it; give the caller this permission (in their words)"),
        (refusal("AccessDeniedException"), "AWS does not allow it"),
        (refusal("403"), "AWS does not allow it"),
        (refusal("PermanentRedirect"), "the bucket is in another Region; set AWS_REGION"),
        (refusal("ExpiredToken"), "the AWS session has expired; sign in again"),
        (SSOTokenLoadError(error_msg="x"), "the AWS session has expired; sign in again"),
        (refusal("UnrecognizedClientException"), "AWS does not accept these credentials (in their words); sign in"),
        (refusal("AuthFailure"), "AWS does not accept these credentials"),
        (refusal("SlowDown"), "AWS still throttles the calls"),
        (refusal("404"), "the file is not there any more"),
        (refusal("NoSuchBucket"), "the bucket does not exist; create it, or mend its name in the settings"),
        (refusal("400"), "S3 refuses the call without a reason; most often the AWS session has expired"),
        (refusal("ServiceUnavailable"), "AWS has a fault of its own (in their words); start again later"),
        (refusal("SomethingElse"), "GetThing was answered with SomethingElse: in their words"),
        (refusal("SomethingElse", "of\n two  lines."), "GetThing was answered with SomethingElse: of two lines"),
        (refusal("SomethingElse", ""), "GetThing was answered with SomethingElse: SomethingElse"),
        (NoCredentialsError(), "no AWS credentials were found; sign in, or set AWS_PROFILE"),
        (NoRegionError(), "no AWS Region is set; set AWS_REGION"),
        (InvalidRegionError(region_name="a b"), "that is no AWS Region"),
        (ProfileNotFound(profile="nobody"), "there is no such AWS profile"),
        (EndpointConnectionError(endpoint_url="http://x"), "AWS cannot be reached"),
    ],
)
def test_a_cause_is_told_in_one_sentence(error: Exception, clause: str) -> None:
    with pytest.raises(ClassifierError) as told, told_plainly("look around"):
        raise error
    said = str(told.value)
    assert said.startswith(f"Cannot look around: {clause}")
    assert is_one_sentence(said) and said.count(". ") == 0 and told.value.__cause__ is error


@pytest.mark.parametrize("error", [refusal("AccessDenied"), refusal("InvalidAccessKeyId"), refusal("SlowDown")])
def test_storage_checks_and_deployment_say_the_same(error: ClientError) -> None:
    folder, clients = (
        S3Folder("s3://bucket/prefix"),
        DeploymentClients(boto3.Session("k", "s", region_name="eu-west-1")),
    )
    folder.clients = AwsClients(clients.session)

    def check() -> Verdict:
        raise error

    code, words = error.response["Error"]["Code"], error.response["Error"]["Message"]
    with Stubber(folder.clients.s3) as storage, Stubber(clients.of("glue")) as glue:
        storage.add_client_error("head_object", code, words)
        glue.add_client_error("get_database", code, words)
        with pytest.raises(ClassifierError) as told_by_storage:
            folder.find("a.csv")
        with pytest.raises(ClassifierError) as told_by_deployment:
            StoredData("stack", "1", "eu-west-1").has_database(clients)
    clause = f"{explain(error)}."
    assert str(told_by_storage.value) == f"Cannot look at s3://bucket/prefix/a.csv: {clause}"
    assert str(told_by_deployment.value) == f"Cannot look up the Glue database stack: {clause}"
    assert run_checks({"Anything": check})[0].finding == clause[0].upper() + clause[1:]


def test_an_object_that_cannot_be_deleted_is_named_with_the_cause() -> None:
    clients = DeploymentClients(boto3.Session("k", "s", region_name="eu-west-1"))
    with Stubber(clients.of("s3")) as s3:
        s3.add_response("head_bucket", {})
        s3.add_response("list_object_versions", {"Versions": [{"Key": "a.csv", "VersionId": "1"}]})
        s3.add_response("delete_objects", {"Errors": [{"Key": "a.csv", "Code": "AccessDenied", "Message": "no."}]})
        with pytest.raises(ClassifierError) as told:
            StoredData("stack", "1", "eu-west-1").delete(clients)
    assert str(told.value) == (
        "Cannot delete s3://stack-customer-1-eu-west-1/a.csv: AWS does not allow it; give the caller this permission (no)."
    )


def test_no_token_and_no_request_is_repeated() -> None:
    """AWS answers a wrong signature with the request that it expected, which has the session's token in it."""
    words = "The signature does not match.\n\nThe Canonical String should have been\n'x-amz-security-token:SECRET'"
    said = explain(refusal("InvalidSignatureException", words))
    assert "The signature does not match" in said and "SECRET" not in said
    assert len(explain(refusal("ValidationException", "my text " * 10_000))) < 500


@pytest.mark.parametrize(
    "error", [refusal("AccessDenied"), refusal("ExpiredToken"), refusal("AuthFailure"), NoCredentialsError()]
)
def test_what_only_a_person_can_mend_is_not_sent_again(error: Exception) -> None:
    """A job on demand ends with such a sentence, and it already says what to do."""
    assert advice_on(f"Cannot ask a model on Bedrock: {explain(error)}.") == "then materialize again"


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("make", [AwsClients, DeploymentClients])
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "Cannot call athena on AWS: no AWS Region is set; set AWS_REGION."),
        ({"AWS_REGION": "eu west 1"}, "correct AWS_REGION."),
        ({"AWS_PROFILE": "nobody"}, "correct AWS_PROFILE"),
        ({"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "me:SECRET@host"}, "correct AWS_ENDPOINT_URL"),
    ],
)
def test_settings_that_no_client_can_be_made_with(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], AwsClients], variables: dict[str, str], said: str
) -> None:
    settings(monkeypatch, **variables)
    with pytest.raises(ClassifierError) as told:
        make().of("athena")
    assert said in str(told.value) and is_one_sentence(str(told.value)) and "SECRET" not in str(told.value)


def test_the_region_may_come_from_either_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings(monkeypatch, AWS_REGION="eu-central-1")
    assert AwsClients().athena.meta.region_name == "eu-central-1"
    settings(monkeypatch, AWS_DEFAULT_REGION="eu-west-3")
    assert AwsClients().region == "eu-west-3"


def test_a_client_is_made_once_and_the_tools_give_up_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    settings(monkeypatch, AWS_REGION="eu-west-1")
    pipeline, tools = AwsClients(), DeploymentClients()
    assert pipeline.s3 is pipeline.of("s3") and tools.of("s3") is tools.of("s3")
    ours, theirs = pipeline.s3.meta.config, tools.of("s3").meta.config
    assert theirs.connect_timeout < ours.connect_timeout
    assert theirs.retries["total_max_attempts"] < pipeline.bedrock.meta.config.retries["total_max_attempts"]
    assert pipeline.bedrock.meta.config.retries["total_max_attempts"] < ours.retries["total_max_attempts"]
