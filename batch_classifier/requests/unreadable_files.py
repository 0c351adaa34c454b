"""Whether a request file can be read, noted while it is read: what cannot is not to be tried again as it is."""

import datetime
import logging
from collections.abc import Iterator

import pyarrow as pa

from batch_classifier.errors import ClassifierError, UnreadableFile
from batch_classifier.notes.unreadable import Unreadable, forget_unreadable, note_unreadable, reading_settings
from batch_classifier.requests.raw_requests import RawRequests
from batch_classifier.storage.folder import Folder

_LOGGER = logging.getLogger(__name__)


def noting_whether_readable(made: RawRequests, internal: Folder) -> Iterator[pa.RecordBatch]:
    """Pass the rows on, and leave a note where the file cannot be read, or none at the end.

    Raises what `made` raises. A file that was gone before it was read is noted as well, so that what its run has left is
    seen to; whatever else goes wrong, as a storage that does not answer, says nothing of the file.
    """
    try:
        yield from made
    except ClassifierError as error:
        if isinstance(error, UnreadableFile) or made.file is None:
            _note(_unreadable(made, str(error)), internal)
        raise
    forget_unreadable(internal, (made.prompt.name, made.request_file))


def _note(unreadable: Unreadable, internal: Folder) -> None:
    try:
        note_unreadable(internal, unreadable)
    except ClassifierError as error:
        # What is wrong with the file is the more important thing to tell.
        _LOGGER.warning("That %s cannot be read could not be noted: %s", unreadable.request_file, error)


def _unreadable(made: RawRequests, reason: str) -> Unreadable:
    return Unreadable(
        prompt=made.prompt.name,
        request_file=made.request_file,
        fingerprint="" if made.file is None else made.file.fingerprint,
        read_with=reading_settings(made.prompt, made.limits),
        reason=reason,
        noted_at=datetime.datetime.now(datetime.UTC).isoformat(),
    )
