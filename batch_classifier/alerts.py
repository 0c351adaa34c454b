"""Alerts: a run that failed is told to a topic of SNS and to apprise's services, once for each cause and request file."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg
import orjson
from dagster import DagsterEvent, DagsterEventType
from dagster._utils.error import SerializableErrorInfo

from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.failures import told_in_one_sentence
from batch_classifier.settings import Settings
from batch_classifier.storage import Folder
from batch_classifier.warehouse.aws_clients import AwsClients
from batch_classifier.warehouse.aws_errors import told_plainly

NOTES_FOLDER = "alerts"
# What SNS takes.
_SUBJECT_CHARACTERS = 99
# A signature of an address stands in its query.
_QUERY_OF_ADDRESS = re.compile(r"(https?://[^\s?]+)\?\S+")


@dataclass(frozen=True)
class Alert:
    """What is told of a failed run. `causes` are its failed steps, each with one sentence: no text of a record, no secret."""

    job: str
    partition: str | None
    run_id: str
    causes: tuple[str, ...]
    link: str | None = None

    @property
    def subject(self) -> str:
        """One line of ASCII."""
        subject = f"Batch Classifier: {self.job} failed" + (f" for {self.partition}" if self.partition else "")
        printable = re.sub(r"[^\x20-\x7e]", "?", subject)
        return printable if len(printable) <= _SUBJECT_CHARACTERS else printable[: _SUBJECT_CHARACTERS - 3] + "..."

    @property
    def body(self) -> str:
        """The message."""
        lines = [f"The run {self.run_id} of {self.job} failed."]
        lines += [f"Request file: {self.partition}"] if self.partition else []
        lines += self.causes
        lines += [self.link] if self.link else []
        return "\n".join(lines)

    @property
    def note_key(self) -> str:
        """Where it is noted that this was told: the same cause for the same request file, whatever the numbers in it."""
        causes = [re.sub(r"\d+", "#", cause) for cause in self.causes]
        content = orjson.dumps([self.job, self.partition, causes])
        return f"{NOTES_FOLDER}/{hashlib.sha256(content).hexdigest()[:32]}.json"


class Alerts:
    """Where alerts go: a topic of SNS, services that apprise knows by their URL, or both."""

    def __init__(self, topic_arn: str | None, urls: Sequence[str], clients: AwsClients | None = None) -> None:
        self.topic_arn = topic_arn
        self.urls = list(urls)
        self._clients = clients or AwsClients()

    def send_once(self, alert: Alert, internal: Folder) -> bool:
        """Send an alert unless it was sent before; True when it was sent now.

        Raises ClassifierError, without any address in it, when one of the ways is closed; the others are taken first.
        """
        if internal.find(alert.note_key) is not None:
            return False
        faults = []
        for send in (self._publish, self._notify):
            try:
                send(alert)
            except ClassifierError as error:
                faults.append(str(error))
        if len(faults) < bool(self.topic_arn) + bool(self.urls):
            internal.write_bytes(alert.note_key, orjson.dumps({"run": alert.run_id}))
        if faults:
            raise ClassifierError(" ".join(faults))
        return True

    def _publish(self, alert: Alert) -> None:
        if self.topic_arn is not None:
            with told_plainly(f"publish to {self.topic_arn}", "The alert sensor"):
                self._clients.sns.publish(TopicArn=self.topic_arn, Subject=alert.subject, Message=alert.body)

    def _notify(self, alert: Alert) -> None:
        if not self.urls:
            return
        try:
            import apprise
        except ModuleNotFoundError as error:
            raise SettingError(
                "BATCH_CLASSIFIER_ALERT_URLS needs the library apprise; install batch-classifier[aws]."
            ) from error
        # Texts as they are: in a request file's name, nothing is markup.
        services = apprise.Apprise()
        # These addresses hold passwords: whatever goes wrong, only their place in the list is told.
        wrong = [str(place) for place, url in enumerate(self.urls, 1) if not services.add(url)]
        was_sent = services.notify(title=alert.subject, body=alert.body, body_format=apprise.NotifyFormat.TEXT)
        if wrong:
            raise SettingError(f"BATCH_CLASSIFIER_ALERT_URLS: apprise does not know address {', '.join(wrong)}.")
        if not was_sent:
            raise ClassifierError("An address of BATCH_CLASSIFIER_ALERT_URLS did not take the alert.")


def build_alert_sensor(settings: Settings, alerts: Alerts | None = None) -> dg.SensorDefinition | None:
    """The sensor `alerts`, over all jobs; None where nobody is to be told."""
    urls = (settings.alert_urls or "").split()
    if alerts is None and settings.alert_topic_arn is None and not urls:
        return None
    told = alerts or Alerts(settings.alert_topic_arn, urls)

    @dg.run_failure_sensor(
        name="alerts",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of every run that failed, of a job that failed or a blocking check: once for each cause and file.",
    )
    def alert_sensor(context: dg.RunFailureSensorContext, internal_folder: dg.ResourceParam[Folder]) -> None:
        alert = alert_of(context, settings.ui_url)
        with told_in_one_sentence():
            if not told.send_once(alert, internal_folder):
                context.log.info(f"This was told before: {alert.subject}")

    return alert_sensor


def alert_of(context: dg.RunFailureSensorContext, ui_url: str | None) -> Alert:
    """What to tell of a run that failed."""
    run = context.dagster_run
    checks = _failed_checks(context.instance, run.run_id)
    causes = [
        f"{event.step_key}: {_sentence(event, checks.get(event.step_key or '', []))}"
        for event in context.get_step_failure_events()
    ]
    # A run without a failed step was ended from outside; Dagster's message says how.
    causes = causes or [" ".join((context.failure_event.message or "It ended without a word.").split())]
    return Alert(
        job=run.job_name,
        partition=run.tags.get("dagster/partition"),
        run_id=run.run_id,
        causes=tuple(_QUERY_OF_ADDRESS.sub(r"\1", cause) for cause in sorted(set(causes))),
        link=f"{ui_url.rstrip('/')}/runs/{run.run_id}" if ui_url else None,
    )


def _sentence(event: DagsterEvent, checks: Sequence[str]) -> str:
    if checks:
        return f"the blocking check {' and '.join(checks)} failed."
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    # The message of any other error may quote a record.
    kind = next((error.cls_name for error in _chain(data.error) if error.cls_name), None) or "an error"
    return f"it ended with {kind}; the run's page in Dagster says more."


def _chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """An error and those behind it, the first cause first."""
    if error is not None:
        yield from _chain(error.cause)
        yield error


def _failed_checks(instance: dg.DagsterInstance, run_id: str) -> dict[str, list[str]]:
    """Names of the blocking checks that failed in a run, by their step."""
    found: dict[str, list[str]] = {}
    records = instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION).records
    for record in records:
        event = record.event_log_entry.dagster_event
        evaluation = event.asset_check_evaluation_data if event is not None else None
        if event is None or evaluation is None or evaluation.passed or not evaluation.blocking:
            continue
        if evaluation.severity is dg.AssetCheckSeverity.ERROR:
            found.setdefault(event.step_key or "", []).append(evaluation.check_name)
    return found
