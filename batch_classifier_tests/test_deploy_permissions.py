"""The pipeline's role, proved where IAM is enforced: it may do all it needs, each action is needed, and nothing else goes."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from batch_classifier.deployment.clients import DeploymentClients
from batch_classifier.deployment.stack import deploy
from batch_classifier_tests.emulators.ministack import ACCOUNT, REGION, MiniStack, template_for_ministack
from batch_classifier_tests.test_deploy_template import as_list

NAME = "shop"
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
# MiniStack looks for these on every resource, where AWS takes the job's, the query's and the database's own.
RESOURCE_UNKNOWN_TO_MINISTACK = {
    *("bedrock:CreateModelInvocationJob", "bedrock:GetModelInvocationJob", "bedrock:StopModelInvocationJob"),
    *("athena:GetQueryExecution", "athena:StopQueryExecution", "athena:GetQueryResults", "glue:GetDatabase"),
}
# Asked for by Athena and by S3's multipart uploads on the pipeline's behalf, which MiniStack does not act out.
NOT_ACTED_OUT = {
    *("s3:ListBucketMultipartUploads", "glue:BatchGetPartition", "glue:GetTables"),
    # MiniStack has no such operation, and does not ask for PassRole when a job is created.
    *("glue:UpdatePartition", "iam:PassRole"),
}


@dataclass
class Pipeline:
    """A stack, and clients of its pipeline's role and of the account's root."""

    outputs: dict[str, str]
    role: DeploymentClients
    root: DeploymentClients

    @property
    def customer(self) -> str:
        return self.outputs["CustomerBucketName"]

    @property
    def internal(self) -> str:
        return self.outputs["InternalBucketName"]

    def start_job(self) -> str:
        """A batch job, run as the job role."""
        started = self.role.of("bedrock").create_model_invocation_job(
            jobName=f"job-{uuid.uuid4().hex}",
            modelId=MODEL,
            roleArn=self.outputs["BedrockRoleArn"],
            inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{self.internal}/batches/a.jsonl"}},
            outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"s3://{self.internal}/batches/answers/"}},
        )
        return str(started["jobArn"])

    def finished_query(self) -> str:
        """A query that has its result."""
        athena, identifier = self.root.of("athena"), self.start_query(self.root)
        while (
            athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]["Status"]["State"] != "SUCCEEDED"
        ):
            time.sleep(0.05)
        return identifier

    def start_query(self, clients: DeploymentClients, workgroup: str = NAME) -> str:
        """A query in a workgroup."""
        return str(
            clients.of("athena").start_query_execution(QueryString="select 1", WorkGroup=workgroup)["QueryExecutionId"]
        )


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The stack with some data, made once; the tests change the role's policy and put it back."""
    directory = tmp_path_factory.mktemp("ministack")
    with MiniStack(directory) as ministack, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in ministack.environment.items():
            monkeypatch.setenv(name, value)
        root = DeploymentClients(boto3.Session("test", "test", region_name=REGION))
        parameters = {"TrustedPrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}
        deploy(NAME, parameters, template_for_ministack(directory), root, lambda line: None, 0.01)
        found = root.of("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]["Outputs"]
        outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in found}
        yield fill(Pipeline(outputs, assume(root, outputs["PipelineRoleArn"]), root))


def fill(pipeline: Pipeline) -> Pipeline:
    """Data to read, and what is none of the pipeline's business."""
    s3, glue = pipeline.root.of("s3"), pipeline.root.of("glue")
    s3.put_object(Bucket=pipeline.customer, Key="input_data/travel/calls.csv", Body=b"text\nhello\n")
    for key in ("batches/a.jsonl", "tables/t/rows.parquet", "query-results/a.csv", "elsewhere/a"):
        s3.put_object(Bucket=pipeline.internal, Key=key, Body=b"{}")
    s3.create_bucket(Bucket="another")
    s3.put_object(Bucket="another", Key="batches/a.jsonl", Body=b"{}")
    glue.create_database(DatabaseInput={"Name": "another"})
    for database in (NAME, "another"):
        glue.create_table(DatabaseName=database, TableInput=table(pipeline, "kept"))
        glue.create_partition(DatabaseName=database, TableName="kept", PartitionInput=partition(pipeline, "first"))
    policy = {"Effect": "Allow", "Action": sorted(RESOURCE_UNKNOWN_TO_MINISTACK), "Resource": "*"}
    widen(pipeline, policy)
    return pipeline


def widen(pipeline: Pipeline, statement: dict[str, Any]) -> None:
    """Give the role what MiniStack cannot tell the resource of; replaces what was given before."""
    pipeline.root.of("iam").put_role_policy(
        RoleName=pipeline.outputs["PipelineRoleArn"].rpartition("/")[2],
        PolicyName="unknown-resources",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def table(pipeline: Pipeline, name: str) -> dict[str, Any]:
    """A table as Glue takes it."""
    storage = {"Location": f"s3://{pipeline.internal}/tables/{name}/", "Columns": [{"Name": "a", "Type": "string"}]}
    return {"Name": name, "StorageDescriptor": storage, "PartitionKeys": [{"Name": "request_file", "Type": "string"}]}


def partition(pipeline: Pipeline, value: str) -> dict[str, Any]:
    """A partition as Glue takes it."""
    return {"Values": [value], "StorageDescriptor": {"Location": f"s3://{pipeline.internal}/tables/kept/{value}/"}}


def upload_in_parts(pipeline: Pipeline) -> dict[str, str]:
    """An upload that was begun by somebody else."""
    key = {"Bucket": pipeline.internal, "Key": "query-results/large.csv"}
    return key | {"UploadId": pipeline.root.of("s3").create_multipart_upload(**key)["UploadId"]}


Call = Callable[[Pipeline], Any]
NEEDED: dict[str, Call] = {
    "s3:ListBucket": lambda p: p.role.of("s3").list_objects_v2(Bucket=p.customer, Prefix="input_data/"),
    "s3:GetObject": lambda p: p.role.of("s3").get_object(Bucket=p.customer, Key="input_data/travel/calls.csv"),
    "s3:PutObject": lambda p: p.role.of("s3").put_object(Bucket=p.customer, Key="output_data/a.csv", Body=b""),
    "s3:DeleteObject": lambda p: p.role.of("s3").delete_object(Bucket=p.internal, Key="tables/t/rows.parquet"),
    "s3:AbortMultipartUpload": lambda p: p.role.of("s3").abort_multipart_upload(**upload_in_parts(p)),
    "s3:ListMultipartUploadParts": lambda p: p.role.of("s3").list_parts(**upload_in_parts(p)),
    "s3:GetBucketLocation": lambda p: p.role.of("s3").get_bucket_location(Bucket=p.internal),
    "sqs:ReceiveMessage": lambda p: p.role.of("sqs").receive_message(
        QueueUrl=p.outputs["QueueUrl"], VisibilityTimeout=0
    ),
    "sqs:DeleteMessage": lambda p: p.role.of("sqs").delete_message(
        QueueUrl=p.outputs["QueueUrl"], ReceiptHandle=take_message(p)
    ),
    "sqs:ChangeMessageVisibility": lambda p: p.role.of("sqs").change_message_visibility(
        QueueUrl=p.outputs["QueueUrl"], ReceiptHandle=take_message(p), VisibilityTimeout=0
    ),
    "sqs:GetQueueAttributes": lambda p: p.role.of("sqs").get_queue_attributes(
        QueueUrl=p.outputs["QueueUrl"], AttributeNames=["All"]
    ),
    "bedrock:CreateModelInvocationJob": lambda p: p.start_job(),
    "bedrock:GetModelInvocationJob": lambda p: p.role.of("bedrock").get_model_invocation_job(
        jobIdentifier=p.start_job()
    ),
    "bedrock:StopModelInvocationJob": lambda p: p.role.of("bedrock").stop_model_invocation_job(
        jobIdentifier=p.start_job()
    ),
    "bedrock:ListModelInvocationJobs": lambda p: p.role.of("bedrock").list_model_invocation_jobs(),
    "bedrock:InvokeModel": lambda p: p.role.of("bedrock-runtime").invoke_model(modelId=MODEL, body=b"{}"),
    "glue:GetDatabase": lambda p: p.role.of("glue").get_database(Name=NAME),
    "glue:GetTable": lambda p: p.role.of("glue").get_table(DatabaseName=NAME, Name="kept"),
    "glue:CreateTable": lambda p: p.role.of("glue").create_table(
        DatabaseName=NAME, TableInput=table(p, f"table_{uuid.uuid4().hex}")
    ),
    "glue:UpdateTable": lambda p: p.role.of("glue").update_table(DatabaseName=NAME, TableInput=table(p, "kept")),
    "glue:GetPartition": lambda p: p.role.of("glue").get_partition(
        DatabaseName=NAME, TableName="kept", PartitionValues=["first"]
    ),
    "glue:GetPartitions": lambda p: p.role.of("glue").get_partitions(DatabaseName=NAME, TableName="kept"),
    "glue:CreatePartition": lambda p: p.role.of("glue").create_partition(
        DatabaseName=NAME, TableName="kept", PartitionInput=partition(p, uuid.uuid4().hex)
    ),
    "athena:StartQueryExecution": lambda p: p.start_query(p.role),
    "athena:GetQueryExecution": lambda p: p.role.of("athena").get_query_execution(
        QueryExecutionId=p.start_query(p.root)
    ),
    "athena:StopQueryExecution": lambda p: p.role.of("athena").stop_query_execution(
        QueryExecutionId=p.start_query(p.root)
    ),
    "athena:GetQueryResults": lambda p: p.role.of("athena").get_query_results(QueryExecutionId=p.finished_query()),
    "athena:GetWorkGroup": lambda p: p.role.of("athena").get_work_group(WorkGroup=NAME),
    "sns:Publish": lambda p: p.role.of("sns").publish(TopicArn=p.outputs["AlertTopicArn"], Message="A run failed."),
}


def take_message(pipeline: Pipeline) -> str:
    """The receipt of a message."""
    sqs, url = pipeline.root.of("sqs"), pipeline.outputs["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    return str(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"][0]["ReceiptHandle"])


FORBIDDEN: dict[str, Call] = {
    "read another bucket": lambda p: p.role.of("s3").get_object(Bucket="another", Key="batches/a.jsonl"),
    "list another bucket": lambda p: p.role.of("s3").list_objects_v2(Bucket="another"),
    "list all buckets": lambda p: p.role.of("s3").list_buckets(),
    "read elsewhere in its bucket": lambda p: p.role.of("s3").get_object(Bucket=p.internal, Key="elsewhere/a"),
    "write a request file": lambda p: p.role.of("s3").put_object(Bucket=p.customer, Key="input_data/a.csv", Body=b""),
    "delete a request file": lambda p: p.role.of("s3").delete_object(
        Bucket=p.customer, Key="input_data/travel/calls.csv"
    ),
    "delete a bucket": lambda p: p.role.of("s3").delete_bucket(Bucket=p.internal),
    "change a bucket's policy": lambda p: p.role.of("s3").delete_bucket_policy(Bucket=p.internal),
    "send to the queue": lambda p: p.role.of("sqs").send_message(QueueUrl=p.outputs["QueueUrl"], MessageBody="{}"),
    "empty the queue": lambda p: p.role.of("sqs").purge_queue(QueueUrl=p.outputs["QueueUrl"]),
    "take dead letters": lambda p: p.role.of("sqs").receive_message(QueueUrl=p.outputs["DeadLetterQueueUrl"]),
    "train models": lambda p: p.role.of("bedrock").list_model_customization_jobs(),
    "write to another database": lambda p: p.role.of("glue").create_table(
        DatabaseName="another", TableInput=table(p, "a")
    ),
    "read another database": lambda p: p.role.of("glue").get_partitions(DatabaseName="another", TableName="kept"),
    "drop a table": lambda p: p.role.of("glue").delete_table(DatabaseName=NAME, Name="kept"),
    "query in another workgroup": lambda p: p.start_query(p.role, "primary"),
    "lift the scan limit": lambda p: p.role.of("athena").update_work_group(WorkGroup=NAME, Description="mine"),
    "look at users": lambda p: p.role.of("iam").list_users(),
    "give itself more": lambda p: p.role.of("iam").put_role_policy(
        RoleName=p.outputs["PipelineRoleArn"].rpartition("/")[2], PolicyName="more", PolicyDocument="{}"
    ),
}


@pytest.mark.parametrize("action", NEEDED)
def test_the_role_may_do_what_it_needs(pipeline: Pipeline, action: str) -> None:
    NEEDED[action](pipeline)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_role_may_do_nothing_else(pipeline: Pipeline, what: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied|not authorized"):
        FORBIDDEN[what](pipeline)


@pytest.fixture(scope="module")
def lesser(pipeline: Pipeline) -> Pipeline:
    """The same with another role, which `take_away` gives its policy."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = pipeline.root.of("iam").create_role(RoleName="lesser", AssumeRolePolicyDocument=document)["Role"]
    return Pipeline(pipeline.outputs, assume(pipeline.root, made["Arn"]), pipeline.root)


def assume(root: DeploymentClients, role_arn: str) -> DeploymentClients:
    """Clients of a role."""
    found = root.of("sts").assume_role(RoleArn=role_arn, RoleSessionName="pipeline")["Credentials"]
    keys = found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
    return DeploymentClients(boto3.Session(*keys, region_name=REGION))


def granted(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The statements of the pipeline's policy, as the account has them."""
    iam, arn = pipeline.root.of("iam"), pipeline.outputs["PipelinePolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]["Statement"]
    return list(found)


def take_away(lesser: Pipeline, action: str) -> None:
    """Give the lesser role all of the pipeline's policy but an action."""
    rest = sorted(RESOURCE_UNKNOWN_TO_MINISTACK - {action})
    statements = [lessened(statement, action) for statement in granted(lesser)]
    statements.append({"Effect": "Allow", "Action": rest, "Resource": "*"})
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    lesser.root.of("iam").put_role_policy(RoleName="lesser", PolicyName="lesser", PolicyDocument=document)


def lessened(statement: dict[str, Any], action: str) -> dict[str, Any]:
    """A statement without an action; one that has no other allows something harmless instead."""
    return statement | {
        "Action": [each for each in as_list(statement["Action"]) if each != action] or ["sts:GetCallerIdentity"]
    }


@pytest.mark.parametrize("action", NEEDED)
def test_each_action_is_needed(lesser: Pipeline, action: str) -> None:
    """The call is the one that went well above, with all of the policy."""
    take_away(lesser, action)
    with pytest.raises(ClientError, match="AccessDenied|not authorized"):
        NEEDED[action](lesser)


def test_every_action_of_the_policy_is_tried_here(pipeline: Pipeline) -> None:
    statements = granted(pipeline)
    actions = {action for statement in statements for action in as_list(statement["Action"])}
    assert actions == set(NEEDED) | NOT_ACTED_OUT
    # The largest that a managed policy may be, without its spaces.
    assert len("".join(json.dumps(statements).split())) < 6000
