"""The permissions of what Dagster and DuckDB write by themselves while a command runs: their databases, logs and temporary files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from batch_classifier.file_access import FileAccess


@contextmanager
def files_as_set(access: FileAccess) -> Iterator[None]:
    """While it lasts, new files of this process and of those it starts are as the settings say, whoever makes them.

    This is the umask of the whole process, for which only the command line may speak: the process is its own.
    """
    before = os.umask(0o777 & ~access.folder_mode)
    try:
        yield
    finally:
        os.umask(before)
