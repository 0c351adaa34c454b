"""Alerts: a run that failed is told to a topic of SNS and to apprise's services, once for each cause and request file."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import told_plainly
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import NoteKind
from batch_classifier.storage.notes import Notes
from batch_classifier.wording import fit_line

# What SNS takes.
_SUBJECT_CHARACTERS = 99
# Also random names, as those of a partition's versions.
_NUMBERS = re.compile(r"\b[0-9a-f]{8,}\b|\d+")


@dataclass(frozen=True)
class Alert:
    """What is told of a run. `causes` are its failed steps, each with one sentence: no text of a record, no secret."""

    job: str
    partition: str | None
    run_id: str
    causes: tuple[str, ...]
    link: str | None = None
    outcome: str = "failed"

    @property
    def subject(self) -> str:
        """One line of ASCII."""
        subject = f"Batch Classifier: {self.job} {self.outcome}" + (f" for {self.partition}" if self.partition else "")
        printable = re.sub(r"[^\x20-\x7e]", "?", subject)
        return printable if len(printable) <= _SUBJECT_CHARACTERS else printable[: _SUBJECT_CHARACTERS - 3] + "..."

    @property
    def body(self) -> str:
        """The message."""
        lines = [f"The run {self.run_id} of {self.job} {self.outcome}."]
        lines += [fit_line(f"Request file: {self.partition}")] if self.partition else []
        lines += [fit_line(cause) for cause in self.causes]
        lines += [self.link] if self.link else []
        return "\n".join(lines)

    @property
    def note_name(self) -> str:
        """The name of the note that this was told: the same cause for the same request file, whatever the numbers in it."""
        causes = [_NUMBERS.sub("#", cause) for cause in self.causes]
        content = orjson.dumps([self.job, self.partition, causes])
        return f"{hashlib.sha256(content).hexdigest()[:32]}.json"


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
        notes = Notes(internal, NoteKind.ALERTS)
        if notes.is_there(alert.note_name):
            return False
        faults = []
        for send in (self._publish, self._notify):
            try:
                send(alert)
            except ClassifierError as error:
                faults.append(str(error))
        if len(faults) < bool(self.topic_arn) + bool(self.urls):
            notes.write(alert.note_name, orjson.dumps({"run": alert.run_id}))
        if faults:
            raise ClassifierError(" ".join(faults))
        return True

    def _publish(self, alert: Alert) -> None:
        if self.topic_arn is not None:
            with told_plainly(f"publish to {self.topic_arn}"):
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
