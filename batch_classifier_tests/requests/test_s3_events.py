"""Notices of new files in a queue: each file runs once, and no notice is deleted before its partition is recorded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterRun, DagsterRunStatus

from batch_classifier.errors import ClassifierError
from batch_classifier.requests import intake, s3_events
from batch_classifier.requests.request_files import WaitingFiles, look
from batch_classifier.requests.s3_events import read_message
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.request_files import REQUEST_FILE_NAMES
from batch_classifier_tests.support.sensor_daemon import Daemon

CONTENT = b"id,text\n1,My flight\n"


class Bucket:
    """A bucket whose events go to a queue, and the sensor that reads it.

    Attributes:
        daemon: makes the ticks.
        sqs: a client of the queue.
        url: the queue.
    """

    def __init__(self, emulator: BedrockEmulator, project: Project, patch: pytest.MonkeyPatch) -> None:
        self.emulator, self.daemon = emulator, Daemon(project)
        emulator.create_buckets("customer", "internal")
        self.s3, self.sqs = emulator.client("s3"), emulator.client("sqs")
        dead = self._queue("dead-letters", {})
        self.dead_url = dead
        arn = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
        self.url = self._queue("new-files", {"RedrivePolicy": redrive, "VisibilityTimeout": "300"})
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.s3.put_bucket_notification_configuration(
            Bucket="customer",
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
        )
        for name, value in {
            **emulator.environment,
            "BATCH_CLASSIFIER_CUSTOMER_URI": "s3://customer/team a",
            "BATCH_CLASSIFIER_INTERNAL_URI": "s3://internal",
            "BATCH_CLASSIFIER_SQS_URL": self.url,
        }.items():
            patch.setenv(name, value)
        project.restart()

    def _queue(self, name: str, attributes: dict[str, str]) -> str:
        return str(self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def key(self, request_file: str) -> str:
        """Where a request file stands."""
        return f"team a/input_data/{self.daemon.project.prompt_name}/{request_file}"

    def put(self, request_file: str, content: bytes = CONTENT) -> None:
        """Upload a request file."""
        self.s3.put_object(Bucket="customer", Key=self.key(request_file), Body=content)

    def send(self, body: Any) -> None:
        """Send a message as it is."""
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def left(self, url: str | None = None) -> int:
        """Messages in the queue, also those that somebody holds."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture
def bucket(stored_project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setattr(s3_events, "WAIT_SECONDS", 0)
    with BedrockEmulator() as emulator:
        yield Bucket(emulator, stored_project, monkeypatch)


@pytest.fixture
def listings(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every listing of the folder, after the first tick has made its own."""
    made: list[int] = []

    def counted(*arguments: Any) -> Any:
        made.append(1)
        return look(*arguments)

    monkeypatch.setattr(intake, "look", counted)
    assert bucket.daemon.tick() == [] and made == [1]
    made.clear()
    return made


def test_files_of_any_name_come_from_the_queue_once(bucket: Bucket, listings: list[int]) -> None:
    for name in REQUEST_FILE_NAMES:
        bucket.put(name)
    assert sorted(bucket.daemon.tick()) == sorted(REQUEST_FILE_NAMES)
    assert bucket.daemon.ticks() == [] and listings == []
    assert bucket.left() == 0


def test_a_notice_is_deleted_by_the_tick_after_the_one_that_recorded_it(bucket: Bucket, listings: list[int]) -> None:
    bucket.put("a.csv")
    assert bucket.daemon.tick() == ["a.csv"] and bucket.left() == 1
    assert bucket.daemon.tick() == [] and bucket.left() == 0


@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted"])
def test_a_tick_that_was_lost_deletes_nothing_and_loses_no_file(
    bucket: Bucket, listings: list[int], restarts: bool
) -> None:
    bucket.put("a.csv")
    bucket.daemon.tick(is_lost=True)
    if restarts:
        bucket.daemon.restart()
    # A new process finds it by listing, in the second tick, because it is so new.
    assert bucket.daemon.ticks(2) == ["a.csv"] and bucket.left() == int(restarts)
    assert bucket.daemon.ticks(2) == []


def test_a_restart_lists_what_no_notice_tells_of(bucket: Bucket, listings: list[int]) -> None:
    bucket.put("a.csv")
    bucket.sqs.purge_queue(QueueUrl=bucket.url)
    assert bucket.daemon.tick() == []
    bucket.daemon.restart()
    assert bucket.daemon.ticks(2) == ["a.csv"]


def test_the_folder_is_listed_now_and_then(
    bucket: Bucket, listings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("a.csv")
    bucket.sqs.purge_queue(QueueUrl=bucket.url)
    monkeypatch.setattr("batch_classifier.requests.request_files.SETTLED_SECONDS", 0.0)
    assert bucket.daemon.tick() == [] and listings == []
    monkeypatch.setattr(intake, "LISTING_SECONDS", 0.0)
    assert bucket.daemon.tick() == ["a.csv"] and listings == [1]


def test_many_files_in_one_message_and_the_same_notice_twice(bucket: Bucket, listings: list[int]) -> None:
    bucket.put("a b+c.csv")
    bucket.put("Ü.csv")
    bucket.sqs.purge_queue(QueueUrl=bucket.url)
    records = [
        record("customer", f"team+a/input_data/{bucket.daemon.project.prompt_name}/{name}")
        for name in ("a+b%2Bc.csv", "%C3%9C.csv")
    ]
    bucket.send({"Records": records})
    bucket.send({"Records": records[:1]})
    assert sorted(bucket.daemon.tick()) == ["a b+c.csv", "Ü.csv"]
    bucket.send({"Records": records})
    assert bucket.daemon.ticks() == [] and bucket.left() == 0


def test_a_file_that_is_gone_again_is_passed_over(bucket: Bucket, listings: list[int]) -> None:
    bucket.put("gone.csv")
    bucket.put("there.csv")
    bucket.s3.delete_object(Bucket="customer", Key=bucket.key("gone.csv"))
    assert bucket.daemon.ticks() == ["there.csv"] and bucket.left() == 0


def test_a_changed_file_is_requested_again(bucket: Bucket, listings: list[int]) -> None:
    bucket.put("a.csv")
    bucket.daemon.ticks(2)
    bucket.put("a.csv", CONTENT + b"2,Another\n")
    assert bucket.daemon.ticks() == ["a.csv"] and listings == []


def test_what_is_no_request_file_is_deleted_without_a_run(bucket: Bucket, listings: list[int]) -> None:
    for key in (
        "team a/output_data/tickets/x.csv",
        "elsewhere/a.csv",
        "team a/input_data/nobody/a.csv",
        bucket.key(""),
    ):
        bucket.s3.put_object(Bucket="customer", Key=key, Body=b"")
    bucket.put("notes.docx")
    assert bucket.daemon.tick() == [] and "notes.docx" in str(bucket.daemon.message)
    assert bucket.daemon.tick() == [] and bucket.left() == 0


@pytest.mark.parametrize(
    "body",
    ["hello", "[]", "{}", '{"Records": [{}]}', '{"Records": 1}', "null", '{"Records": [{"eventSource": "aws:ses"}]}'],
)
def test_a_message_that_is_no_notice_is_left_alone(bucket: Bucket, listings: list[int], body: str) -> None:
    bucket.send(body)
    bucket.put("a.csv")
    assert bucket.daemon.tick() == ["a.csv"]
    assert bucket.daemon.tick() == [] and bucket.left() == 1
    assert read_message(body) is None


def test_an_unknown_message_ends_in_the_dead_letter_queue(
    bucket: Bucket, listings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_events, "HIDDEN_SECONDS", 0)
    bucket.send({"Records": [record("another-bucket", "input_data/tickets/a.csv")]})
    assert bucket.daemon.tick() == [] and "no notices of new files" in str(bucket.daemon.message)
    bucket.daemon.ticks(3)
    assert bucket.left() == 0 and bucket.left(bucket.dead_url) == 1


def test_a_queue_that_is_gone_keeps_no_file_out(bucket: Bucket, listings: list[int]) -> None:
    bucket.put("a.csv")
    bucket.sqs.delete_queue(QueueUrl=bucket.url)
    assert bucket.daemon.ticks(2) == ["a.csv"]
    assert bucket.daemon.tick() == [] and "The folder is listed instead." in str(bucket.daemon.message)


def test_a_notice_that_s3_let_nobody_look_at_is_kept(
    bucket: Bucket, listings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise ClassifierError("The storage cannot look at it: AWS still throttles the calls.")

    bucket.put("a.csv")
    with monkeypatch.context() as patch:
        patch.setattr("batch_classifier.storage.s3_folder.S3Folder.find", refuse)
        patch.setattr(intake, "look", lambda *arguments: WaitingFiles())
        assert bucket.daemon.ticks(2) == [] and bucket.left() == 1
    assert bucket.daemon.ticks(2) == ["a.csv"] and bucket.left() == 0


@pytest.mark.long
def test_a_hundred_files_at_once(bucket: Bucket, listings: list[int]) -> None:
    for number in range(100):
        bucket.put(f"{number}.csv")
    assert len(bucket.daemon.tick()) == 100
    assert bucket.daemon.tick() == [] and bucket.left() == 0


def test_a_file_that_is_being_worked_on_keeps_its_notice_until_it_can_run(
    bucket: Bucket, listings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("a.csv")
    bucket.daemon.ticks(2)
    run = DagsterRun(
        f"classify_{bucket.daemon.project.prompt_name}",
        status=DagsterRunStatus.STARTED,
        tags={"dagster/partition": "a.csv"},
    )
    bucket.daemon.instance.add_run(run)
    monkeypatch.setattr(s3_events, "_HIDDEN_AGAIN_AFTER", 0.0)
    bucket.put("a.csv", CONTENT + b"2,Another\n")
    assert bucket.daemon.ticks(2) == [] and bucket.left() == 1
    bucket.daemon.instance.report_run_canceled(run)
    assert bucket.daemon.ticks(2) == ["a.csv"] and bucket.left() == 0


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "customer"}, []),
        ({"Records": []}, []),
        ({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectRemoved:Delete"}]}, []),
        ({"source": "aws.s3", "detail-type": "Object Deleted", "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}}, []),
        (
            {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": "a+b%20"}}},
            [("b", "a+b%20")],
        ),
        (
            {"Type": "Notification", "Message": '{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", '
             '"s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}}]}'},
            [("b", "a b")],
        ),
    ],
)  # fmt: skip
def test_the_forms_of_a_notice(message: dict, expected: list[tuple[str, str]]) -> None:
    assert read_message(json.dumps(message)) == expected


def test_a_folder_of_this_machine_has_no_events(
    stored_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_SQS_URL", "http://127.0.0.1:1/1/queue")
    daemon = Daemon(stored_project)
    assert daemon.tick() == [] and "only S3 sends events" in str(daemon.message)


def record(bucket: str, key: str) -> dict[str, Any]:
    """A record of a new object, with its key as S3 writes it."""
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key}},
    }
