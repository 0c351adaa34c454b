"""S3's notices of new objects, read from a queue. A notice is deleted when what it tells of is recorded, and not before."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import told_plainly
from batch_classifier.errors import SettingError
from batch_classifier.requests.request_files import INPUT, WaitingFiles, take_in
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.s3_folder import S3Folder

# A look at S3 for each of them has to fit in a tick.
NOTICES_AT_ONCE = 200
MESSAGES_A_CALL = 10
HIDDEN_SECONDS = 300
# A call that waits asks all of SQS's servers; one that does not asks a few, and may miss messages.
WAIT_SECONDS = 1
# A notice that has to wait, because its file is being worked on, is kept from coming back in the meantime.
_HIDDEN_AGAIN_AFTER = HIDDEN_SECONDS / 3


@dataclass
class Notice:
    """A message that S3 sent, and the fingerprints of the request files it tells of; None until this tick has looked."""

    receipt: str
    keys: list[str]
    hidden_at: float
    files: dict[tuple[str, str], str] | None = None


class FileEvents:
    """A queue of S3's notices, for one sensor: `confirm`, `look` and `mark` are called once a tick, in this order.

    Messages that are not S3's, or tell of another bucket, are left alone: the queue hands them on to its dead-letter
    queue. `unknown` is how many of them the last look met.
    """

    def __init__(self, url: str, clients: AwsClients | None = None) -> None:
        self.url = url
        self.unknown = 0
        self._clients = clients or AwsClients()
        self._held: dict[str, Notice] = {}
        self._recorded: dict[str, Notice] = {}

    def confirm(self, is_recorded: bool) -> None:
        """Delete the notices of the tick before if what came of it was recorded; else they are looked at again."""
        if not is_recorded:
            self._held.update(self._recorded)
            self._recorded.clear()
        with told_plainly(f"delete messages of {self.url}"):
            for batch in _in_tens(self._recorded):
                # One that cannot be deleted comes again, and is found to be known.
                self._clients.sqs.delete_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": notice.receipt} for place, (_, notice) in enumerate(batch)
                    ],
                )
                for identifier, _ in batch:
                    del self._recorded[identifier]

    def look(self, customer: Folder, prompts: set[str]) -> WaitingFiles:
        """The request files that notices tell of, as they are now; those that are gone again are passed over."""
        if not isinstance(customer, S3Folder):
            raise SettingError(
                "BATCH_CLASSIFIER_SQS_URL is set, but BATCH_CLASSIFIER_CUSTOMER_URI is no s3:// address; "
                "only S3 sends events."
            )
        for notice in self._held.values():
            notice.files = None
        self._hide_again()
        self._receive(customer)
        waiting = WaitingFiles()
        for notice in self._held.values():
            files: dict[tuple[str, str], str] = {}
            for key in notice.keys:
                file = customer.find(key)
                place = take_in(waiting, file, prompts) if file is not None else None
                if file is not None and place is not None:
                    files[place] = file.fingerprint
            notice.files = files
        return waiting

    def mark(self, seen: Mapping[tuple[str, str], str]) -> None:
        """Tell which files the tick has dealt with; a notice is through when all of its files are."""
        for identifier, notice in list(self._held.items()):
            if notice.files is None:
                # S3 failed before it was looked at.
                continue
            if all(seen.get(place) == fingerprint for place, fingerprint in notice.files.items()):
                self._recorded[identifier] = self._held.pop(identifier)

    def _receive(self, customer: S3Folder) -> None:
        self.unknown = 0
        with told_plainly(f"read {self.url}"):
            while len(self._held) + self.unknown < NOTICES_AT_ONCE:
                answer = self._clients.sqs.receive_message(
                    QueueUrl=self.url,
                    MaxNumberOfMessages=MESSAGES_A_CALL,
                    VisibilityTimeout=HIDDEN_SECONDS,
                    WaitTimeSeconds=WAIT_SECONDS,
                )
                messages = answer.get("Messages", ())
                for message in messages:
                    self._take(message, customer)
                if len(messages) < MESSAGES_A_CALL:
                    break

    def _take(self, message: Mapping[str, Any], customer: S3Folder) -> None:
        objects = read_message(message["Body"])
        if objects is None or any(bucket != customer.bucket for bucket, _ in objects):
            self.unknown += 1
            return
        start = f"{customer.prefix}{INPUT}/"
        keys = [key[len(customer.prefix) :] for _, key in objects if key.startswith(start)]
        self._held[message["MessageId"]] = Notice(message["ReceiptHandle"], keys, time.monotonic())

    def _hide_again(self) -> None:
        now = time.monotonic()
        old = {
            identifier: notice
            for identifier, notice in self._held.items()
            if now - notice.hidden_at > _HIDDEN_AGAIN_AFTER
        }
        with told_plainly(f"keep messages of {self.url}"):
            for batch in _in_tens(old):
                answer = self._clients.sqs.change_message_visibility_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": notice.receipt, "VisibilityTimeout": HIDDEN_SECONDS}
                        for place, (_, notice) in enumerate(batch)
                    ],
                )
                for _, notice in batch:
                    notice.hidden_at = now
                for failed in answer.get("Failed", ()):
                    # Nobody may hold a message for more than 12 hours; it comes again by itself.
                    del self._held[batch[int(failed["Id"])][0]]


def read_message(body: str) -> list[tuple[str, str]] | None:
    """Bucket and key of every new object that a message tells of; None for a message that is no notice of S3's.

    Notices come from S3 itself, by SNS, or by EventBridge. What was removed, and S3's test, is no new object.
    """
    try:
        content = json.loads(body)
        if content.get("Type") == "Notification":
            content = json.loads(content["Message"])
        if content.get("Event") == "s3:TestEvent":
            return []
        if content.get("source") == "aws.s3":
            # EventBridge leaves keys as they are.
            found = content["detail"]
            is_new = content["detail-type"] == "Object Created"
            return [(str(found["bucket"]["name"]), str(found["object"]["key"]))] if is_new else []
        records = content["Records"]
        if any(record["eventSource"] != "aws:s3" for record in records):
            return None
        return [
            (str(record["s3"]["bucket"]["name"]), unquote_plus(record["s3"]["object"]["key"]))
            for record in records
            if record["eventName"].removeprefix("s3:").startswith("ObjectCreated")
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _in_tens(notices: Mapping[str, Notice]) -> Iterator[list[tuple[str, Notice]]]:
    entries = list(notices.items())
    for start in range(0, len(entries), MESSAGES_A_CALL):
        yield entries[start : start + MESSAGES_A_CALL]
