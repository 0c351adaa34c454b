"""Where a request file's rows lie on S3: a folder for each request file, and in it one for each time it was written.

    tables/travel_classifications/calls_2024.csv-5f0c…/20240501T101112.345678Z-8d1f2a60/rows.parquet

The Glue partition names the version that counts. Writing again makes a new version beside it, so that nobody ever
reads half of one; the old version stays for the queries that have begun.
"""

import datetime
import hashlib
import itertools
import re
import uuid
from collections.abc import Mapping

# Athena runs a query for 30 minutes at most (its quota for DML); twice that is safe for whoever reads an old version.
SECONDS_FOR_READERS = 3600
FILE_NAME = "rows.parquet"
_READABLE_CHARACTERS = 60


def partition_folder(request_file: str) -> str:
    """A folder name for any request file: what is readable of its name, and a hash that makes it unique.

    Letters, digits, `.`, `_` and `-` only, because engines differ in how they take others in an S3 path. The name
    itself is the value of the Glue partition.
    """
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", request_file).strip("._")[-_READABLE_CHARACTERS:]
    digest = hashlib.sha256(request_file.encode()).hexdigest()[:16]
    return f"{readable or 'file'}-{digest}"


def new_version(now: datetime.datetime | None = None) -> str:
    """A folder name that nobody else takes, in the order of time."""
    moment = now or datetime.datetime.now(datetime.UTC)
    return f"{moment:%Y%m%dT%H%M%S.%fZ}-{uuid.uuid4().hex[:8]}"


def outlived(written: Mapping[str, datetime.datetime], current: str, now: datetime.datetime) -> list[str]:
    """The versions that may go: a newer one was written so long ago that no query can still be reading them.

    `written` is when each version was; the current one never goes, whatever its age.
    """
    in_order = sorted(written, key=lambda version: (written[version], version))
    limit = now - datetime.timedelta(seconds=SECONDS_FOR_READERS)
    return [
        version
        for version, successor in itertools.pairwise(in_order)
        if version != current and written[successor] < limit
    ]
