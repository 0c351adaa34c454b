"""The template is valid, keeps data private and safe, and gives each role what its code does and nothing else."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode

from batch_classifier.deployment.stack import DERIVED_PARAMETERS, SETTINGS, TEMPLATE
from batch_classifier.deployment.stored_data import StoredData
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.deployment.policies import as_list

REGIONS = ("us-east-1", "us-west-2", "eu-central-1", "ap-southeast-1")
# What CloudFormation takes as text of a request.
LARGEST_TEMPLATE = 51_200
# The only actions allowed on every resource, because they take none.
WITHOUT_RESOURCE = {"bedrock:ListModelInvocationJobs", "bedrock:GetFoundationModelAvailability"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The template, with its functions as `Ref`, `Fn::Sub` and so on."""
    content, problems = decode(str(TEMPLATE))
    assert not problems
    return content


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The resources of a type, by name."""
    return {name: entry for name, entry in template["Resources"].items() if entry["Type"] == kind}


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement that allows a role of ours something, with the resource it stands in."""
    for name, entry in of_type(template, "AWS::IAM::ManagedPolicy").items():
        for statement in entry["Properties"]["PolicyDocument"]["Statement"]:
            yield name, statement
    for name, entry in of_type(template, "AWS::IAM::Role").items():
        for policy in entry["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def test_cfn_lint_has_nothing_to_say() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--regions", *REGIONS, "--template", str(TEMPLATE)],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
    assert len(TEMPLATE.read_bytes()) < LARGEST_TEMPLATE


def test_buckets_are_private_encrypted_and_outlive_the_stack(template: dict[str, Any]) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    assert set(buckets) == {"CustomerBucket", "InternalBucket"}
    for bucket in buckets.values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        assert "BucketEncryption" in bucket["Properties"]
        assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert of_type(template, "AWS::Glue::Database")["Database"]["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize(
    "policy, kind",
    [
        ("CustomerBucketPolicy", "s3:*"),
        ("InternalBucketPolicy", "s3:*"),
        ("NewFilesQueuePolicy", "sqs:*"),
        ("DeadLetterQueuePolicy", "sqs:*"),
        ("AlertTopicPolicy", "sns:Publish"),
    ],
)
def test_nothing_is_reached_without_tls(template: dict[str, Any], policy: str, kind: str) -> None:
    statement = template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"][-1]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", kind)
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_what_can_be_made_again_expires(template: dict[str, Any]) -> None:
    """Tables, request files and results are nowhere below a rule that deletes."""
    rules = template["Resources"]["InternalBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    retention = {"Ref": "InternalFilesRetentionDays"}
    assert expiring == {"batches/": retention, "compute_logs/": retention, "query-results/": 7}
    customer = template["Resources"]["CustomerBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert not any("ExpirationInDays" in rule for rule in customer)
    for each in (rules, customer):
        assert any("AbortIncompleteMultipartUpload" in rule and "Prefix" not in rule for rule in each)


def test_only_this_account_and_bucket_may_send_to_the_queue(template: dict[str, Any]) -> None:
    allowed, _ = template["Resources"]["NewFilesQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    named = template["Resources"]["CustomerBucket"]["Properties"]["BucketName"]["Fn::Sub"]
    assert allowed["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + named}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_bedrock_may_be_its_role_only_for_jobs_of_this_account(template: dict[str, Any]) -> None:
    (trust,) = template["Resources"]["BedrockJobRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert trust["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"].endswith(":model-invocation-job/*")


def test_no_action_is_a_pattern_and_every_resource_is_named(template: dict[str, Any]) -> None:
    for name, statement in statements(template):
        actions = as_list(statement["Action"])
        assert not [action for action in actions if "*" in action], f"{name}: {actions}"
        if "*" in as_list(statement["Resource"]):
            assert set(actions) <= WITHOUT_RESOURCE, f"{name}: {actions}"
        for resource in as_list(statement["Resource"]):
            if isinstance(resource, dict) and "Fn::Sub" in resource:
                # Anything of a kind is named by its account or bucket at least.
                assert "*" not in re.sub(r"/\*$", "", resource["Fn::Sub"]), f"{name}: {resource}"


def test_the_pipeline_hands_on_one_role_to_one_service_and_deletes_no_data(template: dict[str, Any]) -> None:
    passing = [statement for _, statement in statements(template) if "iam:PassRole" in as_list(statement["Action"])]
    assert passing == [
        {
            "Sid": "HandTheJobRoleToBedrock",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": {"Fn::GetAtt": ["BedrockJobRole", "Arn"]},
            "Condition": {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        }
    ]
    actions = {action for _, statement in statements(template) for action in as_list(statement["Action"])}
    deleting = {action for action in actions if "Delete" in action}
    assert deleting == {"s3:DeleteObject", "sqs:DeleteMessage"}
    for name, statement in statements(template):
        if "s3:DeleteObject" in as_list(statement["Action"]):
            folders = [resource["Fn::Sub"] for resource in as_list(statement["Resource"])]
            assert not any("input_data" in folder for folder in folders), name


def test_settings_and_names_fit_the_code(template: dict[str, Any]) -> None:
    assert set(SETTINGS.values()) <= set(template["Outputs"])
    assert set(template["Parameters"]) >= DERIVED_PARAMETERS
    columns = template["Resources"]["DataSet"]["Properties"]["PhysicalTableMap"]["classifications"]["RelationalTable"]
    assert {column["Name"] for column in columns["InputColumns"]} <= set(CLASSIFICATIONS.schema.names)
    for bucket in StoredData("a" * 26, "123456789012", "ap-southeast-1").buckets:
        assert len(bucket) <= 63
    written_out = StoredData("shop", "123456789012", "eu-central-1").write_names_out(TEMPLATE.read_text())
    assert "BucketName: shop-customer-123456789012-eu-central-1" in written_out


def test_every_parameter_is_described_and_bounded(template: dict[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        assert parameter["Description"], name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), name
