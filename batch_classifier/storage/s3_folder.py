"""Folders on S3: objects come and go whole, by multipart where they are large, over boto3 and its own chain of credentials."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.parse import urlsplit

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import error_code, told_plainly
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.storage.folder import Folder, Listing, StoredFile
from batch_classifier.storage.s3_versions import forget_versions

_DOWNLOADS = 3
# Of PutObject.
_MOST_BYTES_A_CALL = 5_000_000_000


class S3Folder(Folder):
    """A prefix of a bucket. Nothing is called before the first use.

    `kms_key_id` encrypts what is written with that key instead of the bucket's own setting. Errors of AWS come as
    ClassifierError, in one sentence.
    """

    def __init__(self, uri: str, clients: AwsClients | None = None, kms_key_id: str | None = None) -> None:
        address = urlsplit(uri)
        if address.scheme != "s3" or not address.netloc:
            raise SettingError(f"{uri} is not an S3 address such as s3://bucket/prefix.")
        self.bucket = address.netloc
        self.prefix = address.path.strip("/") + "/" if address.path.strip("/") else ""
        self.uri = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        self.clients = clients or AwsClients()
        self.kms_key_id = kms_key_id
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}

    def list(self, prefix: str = "") -> Listing:
        """All objects whose key starts with the prefix, without the markers of folders."""
        return Listing(self._objects(prefix))

    def _objects(self, prefix: str) -> Iterator[StoredFile]:
        pages = self.clients.s3.get_paginator("list_objects_v2")
        with told_plainly(f"list {self.uri}/{prefix}"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for found in page.get("Contents", ()):
                    if not found["Key"].endswith("/"):
                        key = found["Key"][len(self.prefix) :]
                        yield StoredFile(key, found["Size"], found["LastModified"], _fingerprint(found))

    def find(self, key: str) -> StoredFile | None:
        """The object of that key, or None."""
        from botocore.exceptions import ClientError

        with told_plainly(f"look at {self.uri_of(key)}"):
            try:
                found = self.clients.s3.head_object(Bucket=self.bucket, Key=self.prefix + key)
            except ClientError as error:
                if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise
        return StoredFile(
            key, found["ContentLength"], found["LastModified"], _fingerprint({**found, "Size": found["ContentLength"]})
        )

    @contextmanager
    def read(self, key: str) -> Iterator[BinaryIO]:
        """A local copy of the object, open to read. The copy is of one version, also when the object is replaced meanwhile."""
        with tempfile.TemporaryFile(prefix="batch-classifier-") as file:
            self._download(key, file)
            file.seek(0)
            yield file

    def _download(self, key: str, file: IO[bytes]) -> None:
        from s3transfer.exceptions import S3DownloadFailedError

        for _ in range(_DOWNLOADS):
            file.seek(0)
            file.truncate()
            try:
                with told_plainly(f"read {self.uri_of(key)}"):
                    self.clients.s3.download_fileobj(self.bucket, self.prefix + key, file)
                return
            except S3DownloadFailedError:
                # Replaced between two of its parts, which are asked for one by one: the new version is read.
                continue
        raise ClassifierError(
            f"{self.uri_of(key)} changes again and again while it is read; start again when it rests."
        )

    def publish(self, file: Path, key: str) -> None:
        """Upload a finished file; it appears when all of it is there."""
        # Not upload_file, which hides S3's refusals in an error of its own.
        with told_plainly(f"write {self.uri_of(key)}"), file.open("rb") as content:
            self.clients.s3.upload_fileobj(content, self.bucket, self.prefix + key, ExtraArgs=self._encryption)

    def publish_new(self, file: Path, key: str) -> bool:
        """Upload a finished file in one call, if there is no object of that key; True when this call made it.

        What is larger than one call takes (5 GB) is looked for before it is uploaded, which two at once may do.
        """
        if file.stat().st_size > _MOST_BYTES_A_CALL:
            if self.find(key) is not None:
                return False
            self.publish(file, key)
            return True
        with file.open("rb") as content:
            return self.create(key, content)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        with told_plainly(f"delete {self.uri_of(key)}"):
            self.clients.s3.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def forget_versions(self, prefix: str, is_concerned: Callable[[str], bool]) -> int:
        """Remove all versions of these keys that are not the current ones, and the marks of what was deleted."""
        start = len(self.prefix)
        return forget_versions(self.clients, self.bucket, self.prefix + prefix, lambda key: is_concerned(key[start:]))

    def create(self, key: str, content: bytes | BinaryIO) -> bool:
        """Write an object only if there is none of that key; True when this call made it."""
        from botocore.exceptions import ClientError

        with told_plainly(f"write {self.uri_of(key)}"):
            try:
                self.clients.s3.put_object(
                    Bucket=self.bucket, Key=self.prefix + key, Body=content, IfNoneMatch="*", **self._encryption
                )
            except ClientError as error:
                if error_code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                    return False
                raise
        return True

    def spool_directory(self) -> Path:
        """The machine's own folder for temporary files."""
        return Path(tempfile.gettempdir())


def require_s3(folder: Folder, what: str) -> S3Folder:
    """The folder, if it is on S3; raises SettingError naming what needs that."""
    if not isinstance(folder, S3Folder):
        raise SettingError(
            f"{what} needs BATCH_CLASSIFIER_INTERNAL_URI on S3, as in s3://bucket/prefix; it is {folder.uri}."
        )
    return folder


def _fingerprint(found: Mapping[str, Any]) -> str:
    # With the time, so that a file that is dropped once more is seen to be, as in a local folder. In whole seconds, because
    # a look at one object tells no more.
    return f"{found['ETag'].strip(chr(34))}-{found['Size']}-{int(found['LastModified'].timestamp())}"
