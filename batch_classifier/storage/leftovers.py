"""What killed processes have left half-written where files are written before they are published."""

import datetime

from batch_classifier.storage.folder import Folder
from batch_classifier.storage.local_folder import LocalFolder

# Notes are there for milliseconds; larger files are written by runs.
_SECONDS = 60.0


def remove_unfinished(folder: Folder, now: datetime.datetime) -> int:
    """Remove what nobody is writing at any more from a local folder; returns how many files that were. No run may be under way."""
    if not isinstance(folder, LocalFolder):
        return 0
    spool = folder.spool_directory()
    removed = 0
    for path in spool.glob(".unfinished-*") if spool.is_dir() else ():
        if now.timestamp() - path.stat().st_mtime > _SECONDS:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
