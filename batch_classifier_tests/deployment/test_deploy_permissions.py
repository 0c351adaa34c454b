"""The whole pipeline under the least-privilege role: nothing of it can be left out, and nothing else can be done with it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.defs.sensors import request_files as sensors
from batch_classifier.deployment.doctor import check_deployment, report
from batch_classifier.errors import ClassifierError
from batch_classifier.requests import s3_events
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier_tests.deployment.policies import as_list
from batch_classifier_tests.emulators.account import Account
from batch_classifier_tests.emulators.ministack import ACCOUNT, REGION
from batch_classifier_tests.emulators.model_access import MODEL, Access
from batch_classifier_tests.support.aws_deployment import TEXTS, Deployment
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.repository import PROMPTS
from batch_classifier_tests.support.stored_instance import stored_instance_in

STACK, MANY, FEW = "shop", "May/calls of May.csv", "a few + more.csv"
CLASSIFYING = ("classifications", "category_summary", "result_files")
CLAUDE_INPUT = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account; this process is the pipeline's role in it."""
    with Account(STACK, tmp_path_factory.mktemp("account")) as made:
        yield made


class Pipeline(Deployment):
    """The deployment in that account; each step tells what a person would read, or nothing when it went well.

    Attributes:
        tried: the actions that were taken away so far.
        requested: the request files that the sensor asked runs for, in order.
    """

    def __init__(self, account: Account, instance: dg.DagsterInstance) -> None:
        super().__init__(account.emulator, instance, account.outputs["CustomerBucketName"], account.root.of("s3"))
        self.account = account
        self.tried: set[str] = set()
        self.requested: list[str] = []

    def needs(self, step: Callable[[], str], *actions: str) -> None:
        """Without each of these actions the step fails; with all of them it goes well."""
        self.fails_without(step, *actions)
        assert step() == ""

    def fails_without(self, step: Callable[[], str], *actions: str) -> None:
        """Without each of these actions the step fails and says so in a sentence."""
        for action in actions:
            self.account.deny(action)
            complaint = step()
            assert "not allow" in complaint or "not authorized" in complaint, f"without {action}: {complaint!r}"
            assert "Stack Trace" not in complaint, f"without {action}: {complaint}"
            self.tried.add(action)
            self.account.give_back()

    def look_for_files(self) -> str:
        """A tick of the sensor `request_files`."""
        try:
            data = self.tick("request_files")
        except dg.Failure as failure:
            return str(failure.description)
        self.requested += [request.partition_key for request in data.run_requests or []]
        return data.skip_message if data.skip_message and "listed instead" in data.skip_message else ""

    def look_for_jobs(self) -> str:
        """A tick of the sensor `finished_jobs`, and the runs that it requests."""
        self.inference._listed = (float("-inf"), [])
        try:
            results = self.launch(self.tick("finished_jobs"))
        except dg.Failure as failure:
            return str(failure.description)
        return " ".join(failure_of(result) for result in results if not result.success)

    def make(self, request_file: str, *assets: str, wait_seconds: float = 0.0) -> Callable[[], str]:
        """A run of these assets."""

        def step() -> str:
            result = self.run(request_file, assets, wait_seconds)
            return "" if result.success else failure_of(result)

        return step

    def ask(self) -> str:
        """A query, as every step asks them."""
        try:
            self.query(f"select count(*) from {self.warehouse.name('travel', RAW_REQUESTS)}")
        except ClassifierError as error:
            return str(error)
        return ""

    def tell(self) -> str:
        """Ticks of the sensor `alerts`."""
        reactions = [one for _ in range(2) for one in self.tick("alerts").dagster_run_reactions or []]
        return " ".join(one.error.message for one in reactions if one.error)


@pytest.fixture
def pipeline(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(s3_events, "WAIT_SECONDS", 0)
    monkeypatch.setattr("batch_classifier.requests.request_files.SETTLED_SECONDS", 0.0)
    with stored_instance_in(tmp_path) as instance:
        yield Pipeline(account, instance)


# A job on demand that may not ask its model ends its thread with that error, besides noting it.
@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_pipeline_needs_every_action_of_its_role(
    account: Account, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pass from a file on S3 to the answer of Athena.

    Each action is taken away where it is first needed: the step fails with a sentence that says so, and goes on when it is
    given back, with nothing lost and nothing paid for twice.
    """
    emulator, inference = account.emulator, pipeline.inference
    emulator.durations.in_progress, inference.poll_seconds = 3600, 0.01
    pipeline.tell()

    pipeline.needs(pipeline.look_for_files, "s3:ListBucket", "sqs:ReceiveMessage")
    pipeline.put(f"input_data/travel/{MANY}", TEXTS)
    pipeline.needs(pipeline.look_for_files)
    assert pipeline.requested == [MANY]
    pipeline.needs(pipeline.look_for_files, "sqs:DeleteMessage")

    pipeline.needs(
        pipeline.make(MANY, "raw_requests"),
        *("s3:GetObject", "glue:GetTable", "glue:CreateTable", "s3:PutObject"),
        *("glue:UpdatePartition", "glue:CreatePartition"),
    )
    pipeline.needs(pipeline.tell, "sns:Publish")
    pipeline.needs(pipeline.make(MANY, "bedrock_jsonl"), "athena:StartQueryExecution")
    pipeline.needs(
        pipeline.ask,
        *("athena:GetQueryExecution", "athena:GetQueryResults"),
        *("glue:GetDatabase", "glue:GetTables", "glue:GetPartitions", "glue:BatchGetPartition"),
        *("s3:GetBucketLocation", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts"),
        "s3:AbortMultipartUpload",
    )
    pipeline.needs(
        pipeline.make(MANY, "batch_job"),
        *("glue:GetPartition", "bedrock:ListModelInvocationJobs", "iam:PassRole", "bedrock:CreateModelInvocationJob"),
    )
    pipeline.fails_without(pipeline.make(MANY, "batch_job", wait_seconds=60), "bedrock:GetModelInvocationJob")
    pipeline.let_jobs_end()
    pipeline.needs(pipeline.make(MANY, "batch_job"), "s3:DeleteObject")
    pipeline.needs(pipeline.make(MANY, *CLASSIFYING))

    pipeline.put(f"input_data/travel/{FEW}", [*TEXTS[:3], "Somebody else wrote this."])
    pipeline.needs(pipeline.look_for_files)
    assert pipeline.requested == [MANY, FEW]
    forget_a_column(account, "travel_raw_requests")
    pipeline.needs(pipeline.make(FEW, "raw_requests"), "glue:UpdateTable")
    pipeline.needs(pipeline.make(FEW, "bedrock_jsonl"))
    pipeline.needs(pipeline.make(FEW, "batch_job", *CLASSIFYING, wait_seconds=10), "bedrock:InvokeModel")

    monkeypatch.setattr(sensors, "_is_in_progress", lambda *arguments: True)
    monkeypatch.setattr(s3_events, "_HIDDEN_AGAIN_AFTER", 0.0)
    pipeline.put(f"input_data/travel/{FEW}", TEXTS[:2])
    pipeline.needs(pipeline.look_for_files)
    pipeline.needs(pipeline.look_for_files, "sqs:ChangeMessageVisibility")

    interrupt_a_query(pipeline, monkeypatch)
    assert pipeline.tried == actions_of(account, "PipelinePolicyArn")

    name = pipeline.warehouse.name("travel", CLASSIFICATIONS)
    counts = pipeline.query(f'select "class", count(*) as requests from {name} group by "class"')
    assert sum(row["requests"] for row in counts) == len(TEXTS) + 4
    assert emulator.calls.creates_accepted == 1 and emulator.calls.texts_asked_twice() == []


def forget_a_column(account: Account, table: str) -> None:
    """Let a table be as an older version of this software made it."""
    glue, database = account.emulator.client("glue"), account.settings_value("GLUE_DATABASE")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    kept = {name: found[name] for name in ("Name", "TableType", "PartitionKeys", "Parameters", "StorageDescriptor")}
    kept["StorageDescriptor"]["Columns"].pop()
    # A table that notes its version, and has lost a column since, was altered by somebody.
    kept["Parameters"] = {name: value for name, value in kept["Parameters"].items() if "batch_classifier" not in name}
    glue.update_table(DatabaseName=database, TableInput=kept)


def interrupt_a_query(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person interrupts a run: with the permission the query is stopped, without it runs on."""
    athena, states = pipeline.emulator.athena, []
    for action in ("athena:StopQueryExecution", None):
        if action is not None:
            pipeline.account.deny(action)
            pipeline.tried.add(action)
        else:
            pipeline.account.give_back()
        with monkeypatch.context() as patch:
            patch.setattr(athena.faults, "polls_while_running", 9)
            patch.setattr("batch_classifier.warehouse.athena_queries.time.sleep", raise_interrupt)
            with pytest.raises(KeyboardInterrupt):
                pipeline.query("select 1")
        states.append(athena.queries[-1].state)
    assert states == ["SUCCEEDED", "CANCELLED"]


def raise_interrupt(seconds: float) -> None:
    raise KeyboardInterrupt


def actions_of(account: Account, output: str) -> set[str]:
    """The actions of a policy of the stack."""
    return {action for statement in account.granted(account.outputs[output]) for action in as_list(statement["Action"])}


def test_a_policy_is_not_larger_than_it_may_be(account: Account) -> None:
    """AWS does not count spaces."""
    for arn in account.policies():
        assert len("".join(json.dumps(account.granted(arn)).split())) < 6_000


def test_the_doctor_finds_all_well_under_the_role_and_says_what_it_may_not_see(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    Access().install(monkeypatch)
    settings, clients = load_settings(prompts=PROMPTS), DeploymentClients()
    healthy = check_deployment(settings, clients)
    assert {verdict.status for verdict in healthy} == {"ok"}, report(healthy)
    # Without it the Region of a bucket is not compared; all else is told as well.
    for action in sorted(actions_of_role(account) - actions_of(account, "PipelinePolicyArn") - INFERENCE_PROFILES):
        account.deny(action)
        found = check_deployment(settings, clients)
        assert {verdict.status for verdict in found} & {"warn", "fail"}, action
    account.give_back()


# No prompt here names one.
INFERENCE_PROFILES = {"bedrock:GetInferenceProfile"}


def actions_of_role(account: Account) -> set[str]:
    """The actions of all policies of the pipeline's role."""
    return {action for statement in account.statements for action in as_list(statement["Action"])}


@pytest.mark.parametrize("action", [None, "s3:ListBucket", "s3:GetObject", "s3:PutObject"])
def test_a_job_of_bedrock_needs_every_action_of_its_role(account: Account, action: str | None) -> None:
    emulator, internal = account.emulator, account.outputs["InternalBucketName"]
    emulator.limits.records_per_job_at_least = 1
    record = {"recordId": "1", "modelInput": CLAUDE_INPUT}
    account.root.of("s3").put_object(Bucket=internal, Key="batches/a.jsonl", Body=json.dumps(record).encode() + b"\n")
    if action is not None:
        account.deny(action, "BedrockRoleArn")
    emulator.client("bedrock").create_model_invocation_job(
        jobName=f"job-{action or 'whole'}".replace(":", "-"),
        modelId=MODEL,
        roleArn=account.outputs["BedrockRoleArn"],
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{internal}/batches/a.jsonl"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"s3://{internal}/batches/answers/"}},
    )
    emulator.finish_jobs()
    if action is not None:
        account.give_back("BedrockRoleArn")
    assert (emulator.jobs[-1].status == "Completed") == (action is None)


Call = Callable[[Account, DeploymentClients], Any]
FORBIDDEN: dict[str, Call] = {
    "read another bucket": lambda a, role: role.of("s3").get_object(Bucket="another", Key="batches/a.jsonl"),
    "write to another bucket": lambda a, role: role.of("s3").put_object(Bucket="another", Key="batches/a", Body=b""),
    "list another bucket": lambda a, role: role.of("s3").list_objects_v2(Bucket="another"),
    "list all buckets": lambda a, role: role.of("s3").list_buckets(),
    "read elsewhere in its bucket": lambda a, role: role.of("s3").get_object(
        Bucket=a.outputs["InternalBucketName"], Key="elsewhere/a"
    ),
    "write a request file": lambda a, role: role.of("s3").put_object(
        Bucket=a.outputs["CustomerBucketName"], Key="input_data/a.csv", Body=b""
    ),
    "delete a request file": lambda a, role: role.of("s3").delete_object(
        Bucket=a.outputs["CustomerBucketName"], Key="input_data/travel/calls.csv"
    ),
    "delete a bucket": lambda a, role: role.of("s3").delete_bucket(Bucket=a.outputs["InternalBucketName"]),
    "change a bucket's policy": lambda a, role: role.of("s3").delete_bucket_policy(
        Bucket=a.outputs["InternalBucketName"]
    ),
    "send to the queue": lambda a, role: role.of("sqs").send_message(QueueUrl=a.outputs["QueueUrl"], MessageBody="{}"),
    "empty the queue": lambda a, role: role.of("sqs").purge_queue(QueueUrl=a.outputs["QueueUrl"]),
    "take dead letters": lambda a, role: role.of("sqs").receive_message(QueueUrl=a.outputs["DeadLetterQueueUrl"]),
    "train models": lambda a, role: role.of("bedrock").list_model_customization_jobs(),
    "stop a job": lambda a, role: role.of("bedrock").stop_model_invocation_job(
        jobIdentifier=f"arn:aws:bedrock:{REGION}:{ACCOUNT}:model-invocation-job/abcdefghijkl"
    ),
    "hand Bedrock another role": lambda a, role: role.of("bedrock").create_model_invocation_job(
        jobName="job",
        modelId=MODEL,
        roleArn=a.outputs["PipelineRoleArn"],
        inputDataConfig={"s3InputDataConfig": {"s3Uri": "s3://another/batches/a.jsonl"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": "s3://another/batches/answers/"}},
    ),
    "write to another database": lambda a, role: role.of("glue").create_table(
        DatabaseName="another", TableInput={"Name": "a"}
    ),
    "read another database": lambda a, role: role.of("glue").get_partitions(DatabaseName="another", TableName="kept"),
    "drop a table": lambda a, role: role.of("glue").delete_table(DatabaseName=STACK, Name="travel_classifications"),
    "drop the database": lambda a, role: role.of("glue").delete_database(Name=STACK),
    "query in another workgroup": lambda a, role: role.of("athena").start_query_execution(
        QueryString="select 1", WorkGroup="primary"
    ),
    "lift the scan limit": lambda a, role: role.of("athena").update_work_group(WorkGroup=STACK, Description="mine"),
    "look at users": lambda a, role: role.of("iam").list_users(),
    "give itself more": lambda a, role: role.of("iam").put_role_policy(
        RoleName=a.outputs["PipelineRoleArn"].rpartition("/")[2], PolicyName="more", PolicyDocument="{}"
    ),
}


@pytest.fixture(scope="module")
def role(account: Account) -> DeploymentClients:
    """Clients of the pipeline's role; beside its stack there is a bucket that is none of its business."""
    s3 = account.root.of("s3")
    s3.create_bucket(Bucket="another")
    for bucket, key in (("another", "batches/a.jsonl"), (account.outputs["InternalBucketName"], "elsewhere/a")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    return DeploymentClients()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_role_may_do_nothing_else(account: Account, role: DeploymentClients, what: str) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        FORBIDDEN[what](account, role)
