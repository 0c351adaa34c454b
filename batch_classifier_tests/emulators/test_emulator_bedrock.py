"""The Bedrock emulator enforces the contract that the product is tested against; real boto3 calls over HTTP."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from batch_classifier_tests.emulators.faults import (
    CutAnswer,
    EmptyAnswer,
    Faults,
    MalformedLine,
    MissingRecord,
    RecordError,
    RenamedRecord,
    RepeatedRecord,
    at_positions,
    every,
    for_record_ids,
    for_texts,
)
from batch_classifier_tests.emulators.limits import Durations, Limits
from batch_classifier_tests.emulators.responders import FixedAnswer, find_category_names
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator

HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
HAIKU_WITH_SCHEMA = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
LLAMA = "meta.llama3-1-8b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-2407-v1:0"
SYSTEM = "Choose one category:\n- Cancellation: the customer cancels\n- Billing: about money\n"
SCHEMA = {
    "type": "object",
    "properties": {"class": {"type": "string", "enum": ["Billing", "Other"]}, "rationale": {"type": "string"}},
    "required": ["class", "rationale"],
    "additionalProperties": False,
}


@pytest.fixture
def emulator() -> Iterator[BedrockEmulator]:
    """An emulator that takes two records and answers at the first look."""
    with BedrockEmulator(limits=Limits(records_per_job_at_least=2)) as started:
        started.create_buckets("internal")
        yield started


def claude(text: str, **more: Any) -> dict[str, Any]:
    """A good request for Claude by InvokeModel."""
    content = [{"type": "text", "text": text}]
    return {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 200,
        "system": SYSTEM,
        "messages": [{"role": "user", "content": content}],
        **more,
    }


def converse(text: str, **more: Any) -> dict[str, Any]:
    """A good request for Converse, and for Nova by InvokeModel."""
    return {
        "messages": [{"role": "user", "content": [{"text": text}]}],
        "system": [{"text": SYSTEM}],
        "inferenceConfig": {"maxTokens": 200, "temperature": 0.0},
        **more,
    }


def put_records(
    emulator: BedrockEmulator, inputs: list[dict[str, Any]], key: str = "in/batch-1.jsonl", letter: str = "r"
) -> str:
    """Write an input file with the record ids r0, r1 and so on."""
    lines = [json.dumps({"recordId": f"{letter}{number}", "modelInput": given}) for number, given in enumerate(inputs)]
    emulator.client("s3").put_object(Bucket="internal", Key=key, Body="\n".join(lines).encode())
    return f"s3://internal/{key}"


def job_request(input_uri: str, **changed: Any) -> dict[str, Any]:
    """The parameters of a good create call."""
    return {
        "jobName": "travel-1",
        "roleArn": ROLE_ARN,
        "modelId": HAIKU,
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": input_uri}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://internal/out/"}},
        **changed,
    }


def run_job(emulator: BedrockEmulator, inputs: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """Create a job over these inputs and look at it once."""
    bedrock = emulator.client("bedrock")
    arn = bedrock.create_model_invocation_job(**job_request(put_records(emulator, inputs), **changed))["jobArn"]
    return bedrock.get_model_invocation_job(jobIdentifier=arn)


def read_output(emulator: BedrockEmulator, job: dict[str, Any]) -> dict[str, str]:
    """The content of every file in a job's output folder."""
    s3 = emulator.client("s3")
    prefix = f"out/{job['jobArn'].rsplit('/', 1)[-1]}/"
    found = s3.list_objects_v2(Bucket="internal", Prefix=prefix).get("Contents", [])
    return {
        item["Key"].removeprefix(prefix): s3.get_object(Bucket="internal", Key=item["Key"])["Body"].read().decode()
        for item in found
    }


def read_lines(emulator: BedrockEmulator, job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The records of a job's one output file by their ids."""
    lines = [json.loads(line) for line in read_output(emulator, job)["batch-1.jsonl.out"].split("\n") if line]
    return {line["recordId"]: line for line in lines}


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    """The code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_job_leaves_answers_and_a_manifest(emulator: BedrockEmulator) -> None:
    """The output has the documented names and the documented shapes."""
    texts = ["please cancellation", "billing question", "hello\u2028there"]
    job = run_job(emulator, [claude(text) for text in texts])
    assert job["status"] == "Completed"
    assert (job["totalRecordCount"], job["successRecordCount"], job["errorRecordCount"]) == (3, 3, 0)
    output = read_output(emulator, job)
    assert set(output) == {"batch-1.jsonl.out", "manifest.json.out"}
    manifest = json.loads(output["manifest.json.out"])
    assert manifest["processedRecordCount"] == 3
    assert manifest["inputTokenCount"] > 0
    lines = read_lines(emulator, job)
    answer = lines["r1"]["modelOutput"]
    assert answer["content"][0]["text"].startswith("<class>Billing</class><rationale>")
    assert answer["stop_reason"] == "end_turn"
    assert answer["usage"]["output_tokens"] > 0
    assert lines["r2"]["modelInput"] == claude(texts[2])
    assert emulator.calls.texts() == dict.fromkeys(texts, 1)


def test_a_folder_gives_one_output_file_for_each_input_file(emulator: BedrockEmulator) -> None:
    """A prefix is read as a folder, and other files in it are left alone."""
    uri = put_records(emulator, [claude("one")], "many/a.jsonl").removesuffix("a.jsonl")
    put_records(emulator, [claude("two")], "many/b.jsonl", "b")
    emulator.client("s3").put_object(Bucket="internal", Key="many/notes.txt", Body=b"-")
    bedrock = emulator.client("bedrock")
    arn = bedrock.create_model_invocation_job(**job_request(uri))["jobArn"]
    job = bedrock.get_model_invocation_job(jobIdentifier=arn)
    assert job["status"] == "Completed", job.get("message")
    assert set(read_output(emulator, job)) == {"a.jsonl.out", "b.jsonl.out", "manifest.json.out"}


@pytest.mark.parametrize(
    ("model_id", "invocation", "model_input", "find_text"),
    [
        (NOVA, "InvokeModel", converse("billing"), lambda out: out["output"]["message"]["content"][0]["text"]),
        (HAIKU, "Converse", converse("billing"), lambda out: out["output"]["message"]["content"][0]["text"]),
        (LLAMA, "InvokeModel", {"prompt": "billing", "max_gen_len": 99}, lambda out: out["generation"]),
        (MISTRAL, "InvokeModel", {"prompt": "[INST] billing [/INST]"}, lambda out: out["outputs"][0]["text"]),
        (
            MISTRAL,
            "InvokeModel",
            {"messages": [{"role": "user", "content": "billing"}]},
            lambda out: out["choices"][0]["message"]["content"],
        ),
    ],
)
def test_every_family_answers_in_its_own_shape(
    emulator: BedrockEmulator, model_id: str, invocation: str, model_input: dict[str, Any], find_text: Callable
) -> None:
    """Nova, Llama, Mistral and Converse put the text in different places."""
    job = run_job(emulator, [model_input] * 2, modelId=model_id, modelInvocationType=invocation)
    assert find_text(read_lines(emulator, job)["r0"]["modelOutput"]).startswith("<class>")
    assert emulator.calls.texts() == {"billing": 2}
    assert emulator.calls.texts_asked_twice() == ["billing"]


@pytest.mark.parametrize(
    ("model_input", "changed", "message"),
    [
        (converse("a"), {}, "anthropic_version: Field required"),
        (claude("a", modelId=HAIKU), {}, "modelId: Extra inputs are not permitted"),
        (claude("a"), {"modelInvocationType": "Converse"}, "extraneous key [anthropic_version] is not permitted"),
        (claude("a"), {"modelId": NOVA}, "extraneous key [anthropic_version] is not permitted"),
        (claude("a", output_config={"format": {"schema": SCHEMA}}), {}, "Structured outputs are not supported"),
        (
            converse("a", toolConfig={"tools": []}),
            {"modelInvocationType": "Converse"},
            "Tool use is not supported for batch inference Converse requests.",
        ),
    ],
)
def test_a_wrong_model_input_fails_every_record_of_a_completed_job(
    emulator: BedrockEmulator, model_input: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    """Validation does not look inside modelInput: the job completes with no success."""
    job = run_job(emulator, [model_input] * 2, **changed)
    assert (job["status"], job["successRecordCount"], job["errorRecordCount"]) == ("Completed", 0, 2)
    line = read_lines(emulator, job)["r0"]
    assert message in line["error"]["errorMessage"]
    assert "modelOutput" not in line
    assert emulator.calls.texts() == {}


def test_structured_answers_follow_the_schema(emulator: BedrockEmulator) -> None:
    """Both ways to ask for a schema give JSON, and an open object is refused."""
    by_invoke = claude("billing", output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
    job = run_job(emulator, [by_invoke] * 2, modelId=HAIKU_WITH_SCHEMA)
    text = read_lines(emulator, job)["r0"]["modelOutput"]["content"][0]["text"]
    assert json.loads(text)["class"] == "Billing"

    asked = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA), "name": "answer"}}}
    by_converse = converse("hello", outputConfig={"textFormat": asked})
    answer = emulator.client("bedrock-runtime").converse(modelId=HAIKU_WITH_SCHEMA, **by_converse)
    assert json.loads(answer["output"]["message"]["content"][0]["text"])["class"] == "Other"

    is_open = {"output_config": {"format": {"schema": {"type": "object", "properties": {}}}}}
    call = emulator.client("bedrock-runtime").invoke_model
    code, message = refusal(call, modelId=HAIKU_WITH_SCHEMA, body=json.dumps(claude("x", **is_open)))
    assert code == "ValidationException"
    assert "additionalProperties" in message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"jobName": "travel_1"}, "'jobName' failed to satisfy constraint: Member must satisfy regular expression"),
        ({"jobName": "t" * 64}, "'jobName' failed to satisfy constraint: Member must have length less than or equal"),
        ({"clientRequestToken": "a_b"}, "'clientRequestToken' failed to satisfy constraint"),
        ({"clientRequestToken": "a" * 257}, "'clientRequestToken' failed to satisfy constraint"),
        ({"timeoutDurationInHours": 169}, "'timeoutDurationInHours' failed to satisfy constraint"),
        ({"timeoutDurationInHours": 23}, "'timeoutDurationInHours' failed to satisfy constraint"),
        ({"inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://internal/dt=1/a.jsonl"}}}, "s3Uri"),
        ({"inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://internal/a b.jsonl"}}}, "s3Uri"),
        ({"outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://internal/a+b/%20"}}}, "s3Uri"),
        ({"modelId": "anthropic.claude-9-v1:0"}, "The provided model identifier is invalid"),
        ({"modelId": "anthropic.claude-haiku-4-5-20251001-v1:0"}, "inference profile"),
        (
            {"modelId": "us.anthropic.claude-opus-4-1-20250805-v1:0"},
            "Batch inference is not supported for the requested model",
        ),
        ({"roleArn": "somebody"}, "roleArn"),
        ({"modelInvocationType": "Chat"}, "enum value set"),
    ],
)
def test_create_refuses_what_the_contract_forbids(
    emulator: BedrockEmulator, changed: dict[str, Any], message: str
) -> None:
    """Each constraint is refused with a ValidationException that names it."""
    code, said = refusal(
        boto3.client(
            "bedrock",
            endpoint_url=emulator.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(parameter_validation=False),
        ).create_model_invocation_job,
        **job_request("s3://internal/in/a.jsonl", **changed),
    )
    assert code == "ValidationException"
    assert message in said
    assert emulator.calls.creates_refused == 1
    assert emulator.jobs == []


def test_a_repeated_token_gives_the_same_job_and_a_used_name_is_refused(emulator: BedrockEmulator) -> None:
    """Tokens come first, so a retry is never told that its own name is in use."""
    uri = put_records(emulator, [claude("a"), claude("b")])
    create = emulator.client("bedrock").create_model_invocation_job
    first = create(**job_request(uri, clientRequestToken="token-1"))["jobArn"]
    assert create(**job_request(uri, clientRequestToken="token-1"))["jobArn"] == first
    code, message = refusal(create, **job_request(uri, clientRequestToken="token-2"))
    assert (code, message) == ("ConflictException", "The provided job name is currently in use.")
    assert (emulator.calls.creates_accepted, emulator.calls.creates_repeated, emulator.calls.creates_refused) == (
        1,
        1,
        1,
    )


def test_get_and_stop_take_only_the_arn_of_a_job_that_exists(emulator: BedrockEmulator) -> None:
    """A bare job id is refused."""
    bedrock = emulator.client("bedrock")
    arn = run_job(emulator, [claude("a"), claude("b")])["jobArn"]
    for call in (bedrock.get_model_invocation_job, bedrock.stop_model_invocation_job):
        code, message = refusal(call, jobIdentifier=arn.rsplit("/", 1)[-1])
        assert (code, message) == ("ValidationException", "The provided ARN is invalid.")
        assert refusal(call, jobIdentifier=arn[:-12] + "aaaaaaaaaaaa")[0] == "ResourceNotFoundException"
    assert refusal(bedrock.stop_model_invocation_job, jobIdentifier=arn)[0] == "ConflictException"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"records_per_job_at_least": 100}, "contains less records (3) than the required minimum of: 100"),
        ({"records_per_job_at_most": 2}, "contains more records (3) than the allowed maximum of: 2"),
        ({"records_per_file_at_most": 2}, "contains more records (3) than the allowed maximum of: 2"),
        ({"file_bytes_at_most": 10}, "larger than the allowed maximum"),
        ({"job_bytes_at_most": 10}, "larger than the allowed maximum"),
    ],
)
def test_a_job_outside_the_limits_is_accepted_and_fails(
    emulator: BedrockEmulator, limits: dict[str, int], message: str
) -> None:
    """Sizes are looked at during validation, and nothing is written or asked."""
    for name, number in limits.items():
        setattr(emulator.limits, name, number)
    job = run_job(emulator, [claude("a")] * 3)
    assert job["status"] == "Failed"
    assert message in job["message"]
    assert read_output(emulator, job) == {}
    assert emulator.calls.model == []


def test_a_missing_input_fails_the_job(emulator: BedrockEmulator) -> None:
    """Neither the file nor the bucket is looked for before the job is accepted."""
    bedrock = emulator.client("bedrock")
    for name, uri in (("no-file", "s3://internal/none.jsonl"), ("no-bucket", "s3://nobody/none.jsonl")):
        arn = bedrock.create_model_invocation_job(**job_request(uri, jobName=name))["jobArn"]
        assert bedrock.get_model_invocation_job(jobIdentifier=arn)["status"] == "Failed"
    assert "Could not validate GetObject permissions" in str(emulator.jobs[1].message)


def test_states_follow_the_clock_and_counts_grow() -> None:
    """With its own clock, a job is where the passed seconds say."""
    durations = Durations(submitted=10, validating=10, scheduled=10, in_progress=100, stopping=5)
    with BedrockEmulator(Limits(records_per_job_at_least=2), durations, has_own_clock=True) as emulator:
        emulator.create_buckets("internal")
        bedrock = emulator.client("bedrock")
        assert run_job(emulator, [claude(str(number)) for number in range(10)])["status"] == "Submitted"
        arn = emulator.jobs[0].arn
        seen = []
        for seconds in (10, 10, 10, 50, 50):
            emulator.advance(seconds)
            job = bedrock.get_model_invocation_job(jobIdentifier=arn)
            seen.append((job["status"], job["totalRecordCount"], job["processedRecordCount"]))
        assert seen == [
            ("Validating", 0, 0),
            ("Scheduled", 0, 0),
            ("InProgress", 10, 0),
            ("InProgress", 10, 5),
            ("Completed", 10, 10),
        ]
        assert (job["endTime"] - job["submitTime"]).total_seconds() == 130

        run_job(emulator, [claude(str(number)) for number in range(10)], jobName="travel-2")
        emulator.advance(60)
        bedrock.stop_model_invocation_job(jobIdentifier=emulator.jobs[1].arn)
        stopping = bedrock.get_model_invocation_job(jobIdentifier=emulator.jobs[1].arn)
        emulator.advance(5)
        stopped = bedrock.get_model_invocation_job(jobIdentifier=emulator.jobs[1].arn)
        assert (stopping["status"], stopped["status"]) == ("Stopping", "Stopped")
        assert len(read_lines(emulator, stopped)) == 3


def test_the_timeout_ends_a_job_where_it_is() -> None:
    """A job at work is completed in part, a waiting one expires."""
    day = 24 * 3600
    durations = Durations(in_progress=4 * day)
    with BedrockEmulator(Limits(records_per_job_at_least=2), durations, has_own_clock=True) as emulator:
        emulator.create_buckets("internal")
        run_job(emulator, [claude(str(number)) for number in range(8)])
        emulator.advance(day)
        job = emulator.jobs[0]
        assert (job.status, job.counts.processed) == ("PartiallyCompleted", 2)
        emulator.durations = Durations(scheduled=2 * day)
        run_job(emulator, [claude("a"), claude("b")], jobName="travel-2")
        emulator.advance(day)
        assert emulator.jobs[1].status == "Expired"


def test_one_state_a_poll() -> None:
    """A test can let polls move the jobs, without any time."""
    with BedrockEmulator(Limits(records_per_job_at_least=2), Durations(one_state_per_poll=True)) as emulator:
        emulator.create_buckets("internal")
        run_job(emulator, [claude("a"), claude("b")])
        bedrock = emulator.client("bedrock")
        statuses = [
            bedrock.list_model_invocation_jobs(nameContains="travel")["invocationJobSummaries"][0]["status"]
            for _ in range(3)
        ]
        assert statuses == ["Scheduled", "InProgress", "Completed"]


def test_list_filters_sorts_and_pages(emulator: BedrockEmulator) -> None:
    """All of list's parameters that the product may use."""
    bedrock = emulator.client("bedrock")
    for number in range(5):
        run_job(emulator, [claude("a"), claude("b")], jobName=f"{'travel' if number % 2 else 'deals'}-{number}")
    list_jobs = bedrock.list_model_invocation_jobs
    newest_first = [job["jobName"] for job in list_jobs()["invocationJobSummaries"]]
    assert newest_first == ["deals-4", "travel-3", "deals-2", "travel-1", "deals-0"]
    assert len(list_jobs(nameContains="travel")["invocationJobSummaries"]) == 2
    assert list_jobs(statusEquals="Failed")["invocationJobSummaries"] == []
    after = list_jobs(submitTimeAfter=emulator.jobs[2].submitted_at)["invocationJobSummaries"]
    assert [job["jobName"] for job in after] == ["deals-4", "travel-3"]
    pages = bedrock.get_paginator("list_model_invocation_jobs").paginate(
        sortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["invocationJobSummaries"]) for page in pages] == [2, 2, 1]
    assert refusal(list_jobs, nextToken="none")[0] == "ValidationException"


def test_quota_counts_running_jobs_of_a_model() -> None:
    """Another model has a quota of its own, and a job that ended makes place."""
    limits = Limits(records_per_job_at_least=2, active_jobs_per_model=1)
    with BedrockEmulator(limits, Durations(in_progress=60), has_own_clock=True) as emulator:
        emulator.create_buckets("internal")
        create = emulator.client("bedrock").create_model_invocation_job
        uri = put_records(emulator, [claude("a"), claude("b")])
        create(**job_request(uri))
        code, _ = refusal(create, **job_request(uri, jobName="second"))
        assert code == "ServiceQuotaExceededException"
        create(**job_request(uri, jobName="other-model", modelId=NOVA))
        emulator.advance(60)
        create(**job_request(uri, jobName="second"))


def test_calls_are_throttled_and_tokens_expire(emulator: BedrockEmulator) -> None:
    """Bursts and every nth call; boto3 retries are switched off to see each refusal."""
    environment = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    config = Config(retries={"total_max_attempts": 1})
    bedrock = boto3.client("bedrock", endpoint_url=emulator.endpoint_url, config=config, **environment)
    uri = put_records(emulator, [claude("a"), claude("b")])
    emulator.faults.throttled_creates = 1
    assert refusal(bedrock.create_model_invocation_job, **job_request(uri))[0] == "ThrottlingException"
    bedrock.create_model_invocation_job(**job_request(uri))
    emulator.faults.throttle_every = 3
    assert refusal(bedrock.create_model_invocation_job, **job_request(uri))[0] == "ThrottlingException"
    emulator.faults.throttled_reads = 1
    assert refusal(bedrock.list_model_invocation_jobs)[0] == "ThrottlingException"
    emulator.faults.quota_refusals = 1
    assert refusal(bedrock.create_model_invocation_job, **job_request(uri))[0] == "ServiceQuotaExceededException"
    emulator.faults.expired_token_after_calls = emulator.calls.total + 1
    bedrock.list_model_invocation_jobs()
    assert refusal(bedrock.list_model_invocation_jobs)[0] == "ExpiredTokenException"


@pytest.mark.parametrize("fault", ["server_errors_after_creation", "dropped_connections_after_creation"])
def test_a_lost_answer_to_create_is_mended_by_the_retry(emulator: BedrockEmulator, fault: str) -> None:
    """boto3 tries again with the same token, and there is one job only."""
    setattr(emulator.faults, fault, 1)
    uri = put_records(emulator, [claude("a"), claude("b")])
    arn = emulator.client("bedrock").create_model_invocation_job(**job_request(uri))["jobArn"]
    assert [job.arn for job in emulator.jobs] == [arn]
    assert (emulator.calls.creates_accepted, emulator.calls.creates_repeated) == (1, 1)


def test_a_dropped_connection_reaches_a_client_that_does_not_retry(emulator: BedrockEmulator) -> None:
    """The caller sees a closed connection while the job is there."""
    emulator.faults.dropped_connections_after_creation = 1
    bedrock = boto3.client(
        "bedrock",
        endpoint_url=emulator.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ConnectionClosedError):
        bedrock.create_model_invocation_job(**job_request("s3://internal/in/a.jsonl"))
    assert len(emulator.jobs) == 1


def test_record_faults_reach_the_output(emulator: BedrockEmulator) -> None:
    """Each fault strikes the record that its rule names, and only that one."""
    emulator.faults.record_rules = [
        at_positions(RecordError(429, "slow down"), 0),
        for_texts(RecordError("Expired", "too late", is_expired=True), "text 1."),
        for_record_ids(CutAnswer(5), ["r2"]),
        at_positions(EmptyAnswer(has_block=False), 3),
        at_positions(MalformedLine("{"), 4),
        at_positions(MissingRecord(), 5),
        at_positions(RepeatedRecord(), 6),
        every(RenamedRecord("nobody"), 8),
    ]
    emulator.faults.order = "given"
    job = run_job(emulator, [claude(f"text {number}.") for number in range(9)])
    raw = read_output(emulator, job)["batch-1.jsonl.out"].rstrip("\n").split("\n")
    assert raw.pop(4) == "{"
    lines = [json.loads(line) for line in raw]
    assert [line["recordId"] for line in lines] == ["r0", "r1", "r2", "r3", "r6", "r6", "nobody", "r8"]
    assert lines[0]["error"] == {"errorCode": 429, "errorMessage": "slow down"}
    assert lines[1]["error"] == {"errorCode": "Expired", "errorMessage": "too late", "expired": True}
    assert lines[2]["modelOutput"]["stop_reason"] == "max_tokens"
    assert lines[2]["modelOutput"]["content"][0]["text"] == "<clas"
    assert lines[3]["modelOutput"]["content"] == []
    assert set(emulator.calls.record_ids()) == {"r2", "r3", "r6", "r8"}
    assert emulator.calls.texts_asked_twice() == []


def test_output_faults(emulator: BedrockEmulator) -> None:
    """What can be wrong with the files and with the numbers."""
    emulator.faults = Faults(
        truncated_last_line=True,
        unknown_record_ids=2,
        duplicated_lines=1,
        order="given",
        manifest_counts={"successRecordCount": 7},
        job_counts={"successRecordCount": 9},
    )
    job = run_job(emulator, [claude("a"), claude("b"), claude("c")])
    output = read_output(emulator, job)
    lines = output["batch-1.jsonl.out"].split("\n")
    assert [json.loads(line)["recordId"] for line in lines[:-1]] == ["r0", "r1", "r2", "r0", "stranger-0"]
    assert lines[-1]
    assert not lines[-1].endswith("}")
    assert json.loads(output["manifest.json.out"])["successRecordCount"] == 7
    assert job["successRecordCount"] == 9

    emulator.faults = Faults(missing_output_file=True, missing_manifest=True)
    job = run_job(emulator, [claude("d"), claude("e")], jobName="nothing-there")
    assert (job["status"], read_output(emulator, job)) == ("Completed", {})
    assert set(emulator.calls.texts()) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("faults", "status", "record_ids"),
    [
        (Faults(partially_completed_after=2), "PartiallyCompleted", ["r0", "r1"]),
        (Faults(stopped_after=1), "Stopped", ["r0"]),
        (Faults(is_expired=True), "Expired", []),
        (Faults(failed_message="no"), "Failed", []),
        (Faults(no_successes=True), "Completed", ["r0", "r1", "r2"]),
        (
            Faults(partially_completed_after=1, unfinished_come_as_expired=True),
            "PartiallyCompleted",
            ["r0", "r1", "r2"],
        ),
        (Faults(is_expired=True, strikes_job=lambda name: name == "another"), "Completed", ["r0", "r1", "r2"]),
    ],
)
def test_job_faults_decide_the_end(
    emulator: BedrockEmulator, faults: Faults, status: str, record_ids: list[str]
) -> None:
    """What was processed by then is written."""
    emulator.faults = faults
    job = run_job(emulator, [claude("a"), claude("b"), claude("c")])
    assert job["status"] == status
    assert (sorted(read_lines(emulator, job)) if record_ids else list(read_output(emulator, job))) == record_ids


def test_a_seed_gives_an_order_other_than_the_given_one(emulator: BedrockEmulator) -> None:
    """The product has to join on the record id."""
    job = run_job(emulator, [claude(str(number)) for number in range(20)])
    ids = list(read_lines(emulator, job))
    assert ids != sorted(ids, key=lambda name: int(name[1:]))


def test_answers_on_demand(emulator: BedrockEmulator) -> None:
    """The same requests and answers as in a batch, one at a time, with profiles and ARNs as model ids."""
    runtime = emulator.client("bedrock-runtime")
    profile = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{HAIKU_WITH_SCHEMA}"
    body = json.loads(runtime.invoke_model(modelId=profile, body=json.dumps(claude("billing")))["body"].read())
    assert body["content"][0]["text"].startswith("<class>Billing")
    answer = runtime.converse(modelId=NOVA, **converse("cancellation"))
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"]["totalTokens"] > 0
    code, message = refusal(runtime.invoke_model, modelId=HAIKU, body=json.dumps(converse("a")))
    assert (code, message) == ("ValidationException", "anthropic_version: Field required")
    assert refusal(runtime.invoke_model, modelId="nobody", body="{}")[0] == "ValidationException"
    counted = runtime.count_tokens(modelId=HAIKU, input={"invokeModel": {"body": json.dumps(claude("billing"))}})
    assert counted["inputTokens"] > 5
    emulator.responder = FixedAnswer("so")
    assert runtime.converse(modelId=NOVA, **converse("x"))["output"]["message"]["content"] == [{"text": "so"}]
    emulator.faults.record_rules = [for_texts(RecordError(403, "not you"), "x")]
    assert refusal(runtime.converse, modelId=NOVA, **converse("x"))[0] == "AccessDeniedException"
    assert [call.kind for call in emulator.calls.model if call.is_answered] == ["invoke_model", "converse", "converse"]


def test_a_small_max_tokens_cuts_the_answer(emulator: BedrockEmulator) -> None:
    """As with a real model, a cut answer looks like a success."""
    job = run_job(emulator, [claude("billing", max_tokens=2)] * 2)
    assert job["successRecordCount"] == 2
    assert read_lines(emulator, job)["r0"]["modelOutput"]["stop_reason"] == "max_tokens"


def test_category_names_are_found_in_a_schema_or_in_a_list() -> None:
    """The default answers choose among the names that the request offers."""
    listed = "Pick one:\n- **Cancellation**: leaves\n* Billing \u2014 money\n1. Lost Deal\n"
    assert find_category_names(listed, {}) == ["Cancellation", "Billing", "Lost Deal"]
    asked = {"output_config": {"format": {"schema": SCHEMA}}}
    assert find_category_names(listed, asked) == ["Billing", "Other"]


def test_the_quoted_part_of_a_message_is_the_text(emulator: BedrockEmulator) -> None:
    """Tests count texts, not the words that the product puts around them."""
    quoted = "<text>\nbilling\n</text>\nThe text above is data."
    run_job(emulator, [claude(quoted), {**claude(quoted)}])
    prompt = {"prompt": f"<s>[INST] {SYSTEM}\n{quoted} [/INST]", "max_tokens": 99}
    emulator.client("bedrock-runtime").invoke_model(modelId=MISTRAL, body=json.dumps(prompt))
    assert emulator.calls.texts() == {"billing": 3}


def test_it_can_be_started_by_hand() -> None:
    """The command prints settings that lead another process to its buckets, and ends when told to."""
    command = [sys.executable, "-m", "batch_classifier_tests.emulators.serve", "--port", "0", "--seconds", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                settings[name] = value
            if "aws s3 cp" in line:
                break
        script = "import boto3; print([bucket['Name'] for bucket in boto3.client('s3').list_buckets()['Buckets']])"
        found = subprocess.check_output([sys.executable, "-c", script], env=os.environ | settings, text=True)
        process.terminate()
    assert found.strip() == "['customer', 'internal']"
    assert process.returncode == 0


def test_state_is_forgotten_between_emulators_and_only_one_serves() -> None:
    """Moto keeps its state in the process, so it is reset, and a second emulator is refused."""
    with BedrockEmulator() as emulator:
        emulator.create_buckets("left-over")
        with pytest.raises(RuntimeError, match="another emulator"), BedrockEmulator():
            pass
    with BedrockEmulator() as emulator:
        assert emulator.client("s3").list_buckets()["Buckets"] == []


def test_another_process_is_led_here_by_the_environment(emulator: BedrockEmulator) -> None:
    """The product's runs are processes of their own."""
    script = "import boto3; print(boto3.client('bedrock').list_model_invocation_jobs()['invocationJobSummaries'])"
    environment = os.environ | emulator.environment
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert emulator.calls.lists == 1
