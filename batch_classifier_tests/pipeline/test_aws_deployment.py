"""The aws deployment from end to end, against the emulators: a file on S3, the sensors, Bedrock, and Athena answering."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from batch_classifier.definitions import build_definitions
from batch_classifier.inference.interface import JobRequest
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.requests import s3_events
from batch_classifier.settings import load_settings
from batch_classifier.warehouse import queries
from batch_classifier_tests.conftest import REPOSITORY, failure_of
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator

PROMPTS = REPOSITORY / "prompts"
PIPELINE_KEY = "pipeline"
KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
TEXTS = [f"User: I would like to change booking number {number}." for number in range(150)]


class Deployment:
    """A deployment on the emulators, with what Dagster's daemon does for it.

    `bucket` is the customer's, and `s3` a client of whoever drops files there.
    """

    def __init__(
        self, emulator: BedrockEmulator, instance: dg.DagsterInstance, bucket: str = "customer", s3: Any = None
    ) -> None:
        self.emulator = emulator
        self.instance = instance
        self.bucket = bucket
        self.s3 = s3 or emulator.client("s3")
        self.cursors: dict[str, str | None] = {}
        self.definitions = build_definitions(load_settings(prompts=PROMPTS), load_prompts(PROMPTS))

    def put(self, key: str, texts: Sequence[str]) -> None:
        """Drop a request file, long enough ago to be settled."""
        lines = ["conversation_id,conversation", *(f'{number},"{text}"' for number, text in enumerate(texts))]
        self.s3.put_object(Bucket=self.bucket, Key=key, Body="\n".join(lines).encode())

    def tick(self, sensor: str) -> dg.SensorResult | Any:
        """One tick of a sensor."""
        repository = self.definitions.get_repository_def()
        with dg.build_sensor_context(
            instance=self.instance,
            instance_ref=self.instance.get_ref(),
            cursor=self.cursors.get(sensor),
            repository_def=repository,
            resources=dict(self.definitions.resources or {}),
        ) as context:
            data = repository.get_sensor_def(sensor).evaluate_tick(context)
        self.cursors[sensor] = data.cursor
        for request in data.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return data

    def launch(self, data: Any) -> list[dg.ExecuteInProcessResult]:
        """Run what a tick requests."""
        return [
            self.run(request.partition_key, [key.path[-1] for key in request.asset_selection or []])
            for request in data.run_requests or []
        ]

    def run(
        self, request_file: str, assets: Sequence[str] = (), wait_seconds: float | None = None
    ) -> dg.ExecuteInProcessResult:
        """Materialize these assets, all by default."""
        waiting = {"ops": {"travel__batch_job": {"config": {"wait_seconds": wait_seconds}}}} if wait_seconds else {}
        return self.definitions.resolve_job_def("classify_travel").execute_in_process(
            instance=self.instance,
            partition_key=request_file,
            asset_selection=[dg.AssetKey(["travel", asset]) for asset in assets] or None,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, **waiting},
        )

    def let_jobs_end(self) -> None:
        """The jobs in flight end, and the next tick asks for them anew."""
        self.emulator.advance(4000)
        self.definitions.resources["inference"]._listed = (float("-inf"), [])

    def messages(self) -> int:
        """How many notices the queue holds, also those that the sensor has taken and not deleted yet."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.emulator.client("sqs").get_queue_url(QueueName="new-files")["QueueUrl"]
        found = self.emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def query(self, sql: str) -> list[dict]:
        """Ask the warehouse."""
        return self.warehouse.query("travel", sql)

    @property
    def warehouse(self) -> Any:
        """The warehouse of the definitions."""
        return dict(self.definitions.resources or {})["warehouse"]


@contextmanager
def deployed(emulator: BedrockEmulator, tmp_path: Path) -> Iterator[Deployment]:
    """An aws deployment on an emulator that serves, without patience for files that are still being written."""
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        patch.chdir(tmp_path)
        patch.setattr("batch_classifier.requests.request_files.SETTLED_SECONDS", 0.0)
        patch.setattr(s3_events, "WAIT_SECONDS", 0)
        emulator.create_buckets("customer", "internal")
        settings = {
            **emulator.environment,
            "AWS_ACCESS_KEY_ID": PIPELINE_KEY,
            "BATCH_CLASSIFIER_DEPLOYMENT": "aws",
            "BATCH_CLASSIFIER_CUSTOMER_URI": "s3://customer",
            "BATCH_CLASSIFIER_INTERNAL_URI": "s3://internal/work",
            "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": ROLE_ARN,
            "BATCH_CLASSIFIER_ATHENA_OUTPUT": "s3://internal/query-results/",
            "BATCH_CLASSIFIER_SQS_URL": queue_of_new_files(emulator),
        }
        for name, value in settings.items():
            patch.setenv(name, value)
        yield Deployment(emulator, instance)


@pytest.fixture()
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """An aws deployment for one test."""
    with BedrockEmulator() as emulator, deployed(emulator, tmp_path) as made:
        yield made


def queue_of_new_files(emulator: BedrockEmulator) -> str:
    """A queue that the customer's bucket tells of new files, as in the template."""
    sqs = emulator.client("sqs")
    url = str(sqs.create_queue(QueueName="new-files")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "input_data/"}]}}
    emulator.client("s3").put_bucket_notification_configuration(
        Bucket="customer",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": rule}]
        },
    )
    return url


def materialized(results: Sequence[dg.ExecuteInProcessResult]) -> set[str]:
    """The assets that runs have materialized."""
    return {
        event.asset_key.path[-1]
        for result in results
        for event in result.all_node_events
        if event.is_step_materialization
    }


def test_from_a_file_on_s3_to_an_answer_of_athena(deployment: Deployment) -> None:
    """The sensor is told by the queue; it lists the bucket at its first tick only, when nothing is there."""
    deployment.emulator.durations.in_progress = 3600
    for _ in range(2):
        assert not deployment.tick("request_files").run_requests
    assert deployment.messages() == 0, "S3's own test is done with"
    deployment.put("input_data/travel/calls of May.csv", TEXTS)
    assert deployment.messages() == 1
    (first,) = deployment.launch(deployment.tick("request_files"))
    assert first.success
    assert materialized([first]) == {"raw_requests", "bedrock_jsonl"}

    waiting = deployment.tick("finished_jobs")
    assert not waiting.run_requests
    assert "1 request files wait" in waiting.skip_message

    deployment.let_jobs_end()
    over = deployment.tick("finished_jobs")
    (observation,) = over.asset_events
    assert any("Completed" in str(value.value) for value in observation.metadata.values())
    (second,) = deployment.launch(over)
    assert second.success
    assert materialized([second]) == {"batch_job", "classifications", "category_summary", "result_files"}

    name = deployment.warehouse.name("travel", queries.CLASSIFICATIONS)
    counts = deployment.query(f'select "class", count(*) as requests from {name} group by "class"')
    assert sum(row["requests"] for row in counts) == 150
    assert deployment.query(f"select distinct request_file from {name}") == [{"request_file": "calls of May.csv"}]
    assert deployment.emulator.calls.creates_accepted == 1
    assert deployment.emulator.calls.texts_asked_twice() == []
    keys = [item["Key"] for item in deployment.emulator.client("s3").list_objects_v2(Bucket="customer")["Contents"]]
    assert any(key.startswith("output_data/travel/") and key.endswith("calls of May_csv.csv") for key in keys)

    assert not deployment.tick("finished_jobs").run_requests
    assert not deployment.tick("request_files").run_requests
    assert deployment.messages() == 0


def test_more_files_than_places_are_served_oldest_first(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    inference = deployment.definitions.resources["inference"]
    inference.max_jobs = 1
    deployment.emulator.durations.in_progress = 3600
    for number in range(3):
        deployment.put(f"input_data/travel/{number}.csv", [f"{text} {number}" for text in TEXTS])
    assert all(result.success for result in deployment.launch(deployment.tick("request_files")))
    assert deployment.emulator.calls.creates_accepted == 1
    served = []
    for _ in range(3):
        deployment.let_jobs_end()
        data = deployment.tick("finished_jobs")
        served += [request.partition_key for request in data.run_requests]
        assert all(result.success for result in deployment.launch(data))
    deployment.let_jobs_end()
    deployment.launch(deployment.tick("finished_jobs"))
    name = deployment.warehouse.name("travel", queries.CLASSIFICATIONS)
    assert deployment.query(f"select count(*) as requests from {name}") == [{"requests": 450}]
    assert deployment.emulator.calls.creates_accepted == 3
    assert deployment.emulator.calls.texts_asked_twice() == []
    assert served[0] == "0.csv"


def test_a_key_encrypts_every_file_that_is_written(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the notes of jobs on demand, and what Bedrock is asked to write."""
    monkeypatch.setenv("BATCH_CLASSIFIER_KMS_KEY_ID", KMS_KEY)
    definitions = build_definitions(load_settings(prompts=PROMPTS), load_prompts(PROMPTS))
    deployment.definitions, definitions.resources["inference"].poll_seconds = definitions, 0.05
    deployment.put("input_data/travel/few.csv", TEXTS[:3])
    deployment.tick("request_files")
    result = deployment.run("few.csv", wait_seconds=30)
    assert result.success, failure_of(result)
    s3, keys = deployment.s3, set()
    for bucket, folder in (("customer", "output_data/"), ("internal", "")):
        for found in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]:
            # What Athena writes is encrypted by Athena, which does not do so here.
            if not found["Key"].startswith("query-results/"):
                assert s3.head_object(Bucket=bucket, Key=found["Key"]).get("SSEKMSKeyId") == KMS_KEY, found["Key"]
                keys.add(found["Key"].split("/")[1])
    assert keys >= {"tables", "on_demand_jobs", "travel"}
    request = JobRequest("job", load_prompts(PROMPTS).get("travel"), "travel/a.jsonl", "travel/answers", 100)
    definitions.resources["inference"].submit(request)
    (job,) = deployment.emulator.jobs
    assert job.request["outputDataConfig"]["s3OutputDataConfig"]["s3EncryptionKeyId"] == KMS_KEY
