"""The aws deployment on the emulators, with what Dagster's daemon does for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from batch_classifier.definitions import build_definitions
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.requests import s3_events
from batch_classifier.settings import load_settings
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator
from batch_classifier_tests.support.project import EVERYTHING
from batch_classifier_tests.support.repository import PROMPTS
from batch_classifier_tests.support.stored_instance import stored_instance_in

PIPELINE_KEY = "pipeline"


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

    @property
    def inference(self) -> Any:
        """Who answers."""
        return (self.definitions.resources or {})["inference"]

    def tick(self, sensor: str) -> Any:
        """One tick of a sensor, with what Dagster makes of it: its type there is private."""
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

    def make_all(self, request_file: str, wait_seconds: float) -> dg.ExecuteInProcessResult:
        """All assets without their checks, each of which asks Athena."""
        return dg.materialize(
            list(self.definitions.assets or []),  # type: ignore[arg-type]
            selection=[dg.AssetKey(["travel", asset]) for asset in EVERYTHING],
            resources=self.definitions.resources,
            instance=self.instance,
            partition_key=request_file,
            raise_on_error=False,
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "ops": {"travel__batch_job": {"config": {"wait_seconds": wait_seconds}}},
            },
        )

    def let_jobs_end(self) -> None:
        """The jobs in flight end, and the next tick asks for them anew."""
        self.emulator.advance(4000)
        self.inference._listed = (float("-inf"), [])

    def messages(self) -> int:
        """How many notices the queue holds, also those that the sensor has taken and not deleted yet."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.emulator.client("sqs").get_queue_url(QueueName="new-files")["QueueUrl"]
        found = self.emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        return self.warehouse.query("travel", sql)

    @property
    def warehouse(self) -> Any:
        """The warehouse of the definitions."""
        return dict(self.definitions.resources or {})["warehouse"]


@contextmanager
def deployed(emulator: BedrockEmulator, tmp_path: Path) -> Iterator[Deployment]:
    """An aws deployment on an emulator that serves, without patience for files that are still being written."""
    with pytest.MonkeyPatch.context() as patch, stored_instance_in(tmp_path) as instance:
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
