"""The folder at an address, on this machine or on S3."""

from pathlib import Path

from batch_classifier.errors import SettingError
from batch_classifier.file_access import PRIVATE, FileAccess
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.local_folder import LocalFolder


def open_folder(location: str, kms_key_id: str | None = None, access: FileAccess = PRIVATE) -> Folder:
    """The folder at a path or an `s3://bucket/prefix`; raises SettingError for any other address."""
    if location.startswith("s3://"):
        from batch_classifier.storage.s3_folder import S3Folder

        return S3Folder(location, kms_key_id=kms_key_id)
    if "://" in location:
        raise SettingError(f"{location} is neither a folder nor an s3:// address.")
    return LocalFolder(Path(location), access)
