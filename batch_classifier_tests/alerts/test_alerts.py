"""Alerts: a run that failed is told once for each cause and request file, without texts or secrets."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from batch_classifier.alerts.sending import Alert, Alerts
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import JobLimits
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.project import Project, scripted
from batch_classifier_tests.support.scripted_inference import ScriptedInference

SECRET_TEXT = "My flight with the secret number 4711"


class Watch:
    """A project whose alerts go to a topic, with a queue that takes them down.

    Attributes:
        project: where runs fail.
        sqs: a client of the queue.
    """

    def __init__(self, emulator: BedrockEmulator, project: Project, patch: pytest.MonkeyPatch) -> None:
        self.project, self.sqs, sns = project, emulator.client("sqs"), emulator.client("sns")
        self.topic = sns.create_topic(Name="alerts")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        for name, value in {
            **emulator.environment,
            "BATCH_CLASSIFIER_ALERT_TOPIC_ARN": self.topic,
            "BATCH_CLASSIFIER_UI_URL": "https://dagster.example.com/",
        }.items():
            patch.setenv(name, value)
        project.restart()
        self.cursors: dict[str, str | None] = {}
        self.ticks()

    def ticks(self, times: int = 2) -> list[str]:
        """Ticks of the sensors; returns the errors that they show."""
        shown = []
        for sensor in ["alerts", "alerts_of_jobs"] * times:
            context = dg.build_sensor_context(
                instance=self.project.instance,
                instance_ref=self.project.instance.get_ref(),
                cursor=self.cursors.get(sensor),
                repository_def=self.project.definitions.get_repository_def(),
                resources=dict(self.project.definitions.resources or {}),
            )
            with context:
                data = self.project.definitions.get_repository_def().get_sensor_def(sensor).evaluate_tick(context)
            self.cursors[sensor] = data.cursor
            shown += [reaction.error.to_string() for reaction in data.dagster_run_reactions or [] if reaction.error]
        return shown

    def told(self) -> list[dict[str, Any]]:
        """The messages that came out of the topic since the last look."""
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def watch(stored_project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    with BedrockEmulator() as emulator:
        yield Watch(emulator, stored_project, monkeypatch)


def test_a_file_that_cannot_be_read_is_told_once_however_often_it_is_tried(watch: Watch) -> None:
    watch.project.drop("bad.csv", b"")
    for told in (1, 0, 0):
        assert not watch.project.run("bad.csv").success
        assert watch.ticks() == []
        assert len(watch.told()) == told


def test_a_job_that_failed_is_told_once(watch: Watch) -> None:
    project = watch.project
    scripted(project).failure = "The provided model identifier is invalid."
    project.drop("calls.csv", [SECRET_TEXT])
    result = project.run("calls.csv")
    assert not result.success and watch.ticks() == []
    (message,) = watch.told()
    assert message["Subject"] == f"Batch Classifier: classify_{project.prompt_name} failed for calls.csv"
    lines = message["Message"].split("\n")
    assert result.run_id in lines[0] and lines[1] == "Request file: calls.csv"
    assert (
        "The provided model identifier is invalid; correct model.id in the prompt." in lines[2]
        and f"{project.prompt_name}__batch_job: " in lines[2]
    )
    assert lines[3:] == [f"https://dagster.example.com/runs/{result.run_id}"]
    assert SECRET_TEXT not in str(message) and "4711" not in str(message)


def test_a_job_that_failed_in_a_run_that_went_through_is_told_once(watch: Watch) -> None:
    project = watch.project
    scripted(project).failure = "Internal server error"
    project.drop("calls.csv", [SECRET_TEXT, "charged"])
    for _ in range(2):
        assert project.run("calls.csv").success and watch.ticks() == []
    (message,) = watch.told()
    assert "has jobs that failed for calls.csv" in message["Subject"] and "4711" not in str(message)
    assert "2 texts were sent and have no answer" in message["Message"]


@pytest.mark.long
def test_the_same_cause_is_told_once_for_each_request_file(watch: Watch) -> None:
    for request_file in ("a.csv", "b.csv", "a.csv"):
        watch.project.drop(request_file, b"")
        assert not watch.project.run(request_file).success
        watch.ticks()
    assert [message["Subject"][-5:] for message in watch.told()] == ["a.csv", "b.csv"]
    watch.project.drop("a.csv", b"id,nothing\n1,2\n")
    assert not watch.project.run("a.csv").success and watch.ticks() == []
    assert len(watch.told()) == 1, "another cause"


def test_a_restart_tells_nothing_again(watch: Watch) -> None:
    watch.project.drop("a.csv", b"")
    before = dict(watch.cursors)
    watch.project.run("a.csv")
    watch.ticks()
    assert len(watch.told()) == 1
    watch.project.restart()
    watch.cursors = before
    assert watch.ticks() == [] and watch.told() == []


def test_a_run_that_succeeds_is_not_told(watch: Watch) -> None:
    watch.project.drop("a.csv", [SECRET_TEXT])
    assert watch.project.run("a.csv").success and watch.ticks() == [] and watch.told() == []


def test_a_blocking_check_is_named(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the batches were cut wrong.
    monkeypatch.setattr("batch_classifier.batches.bedrock_jsonl.texts_per_batch", lambda *_: 50_000)
    monkeypatch.setattr(ScriptedInference, "limits", JobLimits(1, 0, 1_000_000_000))
    watch.project.drop("a.csv", [SECRET_TEXT])
    assert not watch.project.run("a.csv").success and watch.ticks() == []
    (message,) = watch.told()
    assert "within_bedrock_limits: 0 of 1 batches within the limits." in message["Message"]
    assert "4711" not in str(message)


def test_an_error_that_nobody_foresaw_is_told_without_its_words(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **keywords: object) -> None:
        raise ZeroDivisionError(SECRET_TEXT)

    watch.project.restart()
    monkeypatch.setattr("batch_classifier.defs.assets.bedrock_jsonl.BedrockJsonl", broken)
    watch.project.drop("a.csv", [SECRET_TEXT])
    assert not watch.project.run("a.csv").success and watch.ticks() == []
    (message,) = watch.told()
    assert "it ended with ZeroDivisionError;" in message["Message"] and "4711" not in str(message)


def test_a_topic_that_is_gone_is_shown_in_the_tick_and_told_the_next_time(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_ALERT_TOPIC_ARN", f"{watch.topic}-gone")
    watch.project.restart()
    watch.project.drop("a.csv", b"")
    watch.project.run("a.csv")
    (shown,) = watch.ticks()
    assert "alerts-gone" in shown
    monkeypatch.setenv("BATCH_CLASSIFIER_ALERT_TOPIC_ARN", watch.topic)
    watch.project.restart()
    watch.project.run("a.csv")
    assert watch.ticks() == [] and len(watch.told()) == 1


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (
            "20261124T121207.220453Z-dba1dcf9/rows.parquet: no",
            "20261125T010203.000001Z-00ffccaa/rows.parquet: no",
            True,
        ),
        ("3 texts have no answer", "12 texts have no answer", True),
        ("the column added is missing", "the column dead is missing", False),
    ],
)
def test_a_cause_is_the_same_whatever_numbers_and_names_of_versions_stand_in_it(
    first: str, second: str, is_same: bool
) -> None:
    keys = {Alert("job", "a.csv", "run", (cause,)).note_name for cause in (first, second)}
    assert (len(keys) == 1) == is_same


def test_without_anybody_to_tell_there_is_no_sensor(project: Project) -> None:
    assert not {"alerts", "alerts_of_jobs"} & {sensor.name for sensor in project.definitions.sensors or []}


@pytest.mark.parametrize(
    ("partition", "end"), [("Übung\n1.csv", "for ?bung?1.csv"), ("x" * 200, "xxx..."), (None, "classify_a failed")]
)
def test_a_subject_is_what_sns_takes(partition: str | None, end: str) -> None:
    subject = Alert("classify_a", partition, "1", ("step: it failed.",)).subject
    assert subject.endswith(end) and len(subject) < 100 and subject.isascii() and subject.isprintable()


@pytest.fixture
def service() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a service that apprise knows (JSON by HTTP), with a password in it, and what it was sent."""
    sent: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent.append(content)
            self.send_response(500 if "refuse" in self.path else 200)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"json://me:password@127.0.0.1:{server.server_address[1]}", sent
    server.shutdown()
    server.server_close()


ALERT = Alert("classify_a", "<b>calls</b> & more.csv", "1234", ("step: it failed.",), "https://dagster/runs/1234")


def test_apprise_takes_an_alert_once(service: tuple[str, list[dict[str, Any]]], tmp_path: Any) -> None:
    url, sent = service
    alerts = Alerts(None, [url])
    assert [alerts.send_once(ALERT, LocalFolder(tmp_path)) for _ in range(3)] == [True, False, False]
    (content,) = sent
    assert content["title"] == ALERT.subject and content["message"].split("\n") == ALERT.body.split("\n")


def test_a_service_that_refuses_is_told_without_its_address(
    service: tuple[str, list[dict[str, Any]]], tmp_path: Any
) -> None:
    url, _ = service
    with pytest.raises(ClassifierError) as caught:
        Alerts(None, [f"{url}/refuse"]).send_once(ALERT, LocalFolder(tmp_path))
    assert is_one_sentence(str(caught.value)) and "password" not in str(caught.value)
    assert Alerts(None, [url]).send_once(ALERT, LocalFolder(tmp_path)), "it was not told yet"


def test_an_address_that_apprise_does_not_know_keeps_no_other_from_being_told(
    service: tuple[str, list[dict[str, Any]]], tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url, sent = service
    with pytest.raises(ClassifierError, match="does not know address 1") as caught:
        Alerts(None, ["nonsense://me:password@somewhere", url]).send_once(ALERT, LocalFolder(tmp_path))
    assert len(sent) == 1 and "password" not in str(caught.value) + caplog.text
