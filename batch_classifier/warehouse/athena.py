"""The warehouse on AWS: Parquet on S3, tables in the Glue Data Catalog, SQL by Athena.

What is loaded for one request file comes from its Parquet directly; only SQL goes through Athena.

boto3 and pyarrow do it, without a library on top such as awswrangler. Its way of replacing a partition deletes the old files
before it writes the new ones, so that whoever queries in between reads nothing or half; and it works on pandas frames, which
hold a whole partition in memory, where rows stream here. The tests read the tables with it, as somebody else's eyes.
"""

import datetime
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import told_plainly
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.storage.s3_versions import forget_versions
from batch_classifier.storage.unfinished import temporary_folder
from batch_classifier.warehouse.athena_queries import AthenaQueries
from batch_classifier.warehouse.dialect import ATHENA
from batch_classifier.warehouse.forgetting import OF_THE_RECORD, FoundRows
from batch_classifier.warehouse.glue_catalog import LONGEST_PARTITION_VALUE, GlueCatalog
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.parquet_rows import read_rows, write_rows
from batch_classifier.warehouse.partition_folders import FILE_NAME, new_version, outlived, partition_folder
from batch_classifier.warehouse.tables import BEDROCK_JSONL, CLASSIFICATIONS, CORRECTIONS, RAW_REQUESTS, TABLES, Table
from batch_classifier.warehouse.views import VIEWS, glue_view
from batch_classifier.warehouse.wanted import KeyKind, Wanted

if TYPE_CHECKING:
    import boto3

_LOGGER = logging.getLogger(__name__)


class AthenaWarehouse(Warehouse):
    """Tables below an S3 address, `travel_classifications` and so on in one Glue database.

    Nothing is asked of AWS before the first use. Times are kept to the millisecond, which is what Athena reads.

    Args:
        location_uri: where the tables' folders are, as `s3://bucket/prefix/tables`.
        database: the Glue database; made at the first write when it is not there.
        workgroup: the Athena workgroup that queries run in, and whose limits hold.
        output_uri: where Athena puts results of queries; beside the tables when not given.
        kms_key_id: the KMS key that encrypts rows and results; the bucket's own default when not given.
        session: a boto3 session; one from boto3's own variables when not given.
    """

    kind = "athena"
    dialect = ATHENA

    def __init__(
        self,
        location_uri: str,
        database: str = "batch_classifier",
        workgroup: str = "primary",
        output_uri: str | None = None,
        kms_key_id: str | None = None,
        session: "boto3.Session | None" = None,
    ) -> None:
        address = urlsplit(location_uri)
        if address.scheme != "s3" or not address.netloc:
            raise SettingError(f"{location_uri} is not an s3:// address; the tables of the Athena warehouse need one.")
        if not re.fullmatch(r"[a-z0-9_]+", database):
            raise SettingError(
                f"{database!r} cannot be the Glue database; SQL takes lower-case letters, digits and underscores only."
            )
        self.location_uri = location_uri.rstrip("/")
        self.database = database
        self._bucket = address.netloc
        self._kms_key_id = kms_key_id
        self._clients = AwsClients(session)
        self._catalog = GlueCatalog(self._clients, database)
        results = output_uri or f"{self.location_uri}-query-results/"
        self._queries = AthenaQueries(self._clients, database, workgroup, results, kms_key_id)
        self._prompts_in_place: set[str] = set()
        self._prompts_with_views: set[str] = set()

    @property
    def place(self) -> str:
        """The service; the tables' names say the database."""
        return "Athena"

    def name(self, prompt: str, table: Table) -> str:
        """Database and table, as in `batch_classifier.travel_classifications`."""
        return f"{self.database}.{self._table_name(prompt, table)}"

    def replace(self, prompt: str, table: Table, request_file: str, rows: Iterable[pa.RecordBatch]) -> int:
        """Write a new version of the partition beside the old one, then point Glue's partition at it, in one call.

        Whatever fails before that call leaves the old rows, also for queries that are running; of two runs at once
        the last to publish wins, whole. Raises ClassifierError when AWS refuses.
        """
        if not 0 < len(request_file) <= LONGEST_PARTITION_VALUE:
            raise ClassifierError(
                f"The request file's path has {len(request_file)} characters; a Glue partition takes 1 to "
                f"{LONGEST_PARTITION_VALUE}: rename {request_file[:80]}…."
            )
        name, folder = self._table_name(prompt, table), self._folder(prompt, table, request_file)
        location = f"{folder}/{new_version()}"
        # First, so that a missing permission shows before the rows are made.
        columns = self._catalog.ensure_table(name, table, f"{self._table_location(prompt, table)}/")
        with temporary_folder() as directory:
            path = directory / FILE_NAME
            count = write_rows(path, table, request_file, rows)
            self._upload(path, f"{location}/{FILE_NAME}")
        self._catalog.point_partition(name, request_file, f"{location}/", columns, count)
        self._sweep(name, request_file, folder)
        if table in (CLASSIFICATIONS, CORRECTIONS):
            self._ensure_views(prompt)
        return count

    @contextmanager
    def read(
        self, prompt: str, table: Table, request_file: str, columns: Sequence[str] | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        """The request file's rows, as a stream in the order they were written; none where it was never written."""
        location = self._catalog.find_partition(self._table_name(prompt, table), request_file)
        if location is None:
            yield iter(())
            return
        with temporary_folder() as directory:
            path = directory / FILE_NAME
            self._download(f"{location.rstrip('/')}/{FILE_NAME}", path)
            yield read_rows(path, table, request_file, columns or table.schema.names)

    @contextmanager
    def stream(self, prompt: str, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """The result of a query on the prompt's tables, as a stream; Athena has run it before the first row comes."""
        self._ensure_tables(prompt)
        with self._queries.stream(sql) as batches:
            yield batches

    def prompts(self) -> list[str]:
        """The prompts that have tables in the database."""
        return self._catalog.prompts_with(RAW_REQUESTS.name)

    def forget_rows(self, prompt: str, wanted: Wanted, found: FoundRows) -> None:
        """Write each partition that has such rows anew without them, one after another; what is left is found the next time."""
        self._forget_corrections(prompt, found)
        for request_file in found.request_files:
            numbers = pa.array([row.row_number for row in found.rows if row.request_file == request_file], pa.int64())
            for table in TABLES:
                has_rows = {"request_file", "row_number"} <= set(table.schema.names)
                if not has_rows or self._catalog.find_partition(self._table_name(prompt, table), request_file) is None:
                    continue
                with self.read(prompt, table, request_file) as rows:
                    left = rows if wanted.kind is not KeyKind.FILE else iter(())
                    kept = (one.filter(pc.invert(pc.is_in(one["row_number"], numbers))) for one in left)
                    self.replace(prompt, table, request_file, kept)
            if wanted.kind is KeyKind.FILE:
                self.replace(prompt, BEDROCK_JSONL, request_file, [])

    def _forget_corrections(self, prompt: str, found: FoundRows) -> None:
        for name in sorted({one.correction_set for one in found.corrections}):
            concerned = {one.number: one.is_deleted for one in found.corrections if one.correction_set == name}
            with self.read(prompt, CORRECTIONS, name) as rows:
                left = [row for batch in rows for row in batch.to_pylist() if not concerned.get(row["number"])]
            for row in left:
                if row["number"] in concerned:
                    row.update(dict.fromkeys(OF_THE_RECORD))
            self.replace(prompt, CORRECTIONS, name, [pa.RecordBatch.from_pylist(left, CORRECTIONS.schema)])

    def reclaim(self, request_files: Mapping[str, Sequence[str]], wanted: Wanted, text_ids: Collection[str]) -> None:
        """Delete all versions of these partitions but the current ones, and the results of queries that name such a row.

        Queries that are reading an old version fail; who forgets does not wait an hour for them.
        """
        for prompt, files in request_files.items():
            for request_file in files:
                for table in TABLES:
                    if table is not CORRECTIONS:
                        self._remove_old_versions(prompt, table, request_file)
            for name in self._catalog.partitions(self._table_name(prompt, CORRECTIONS)):
                self._remove_old_versions(prompt, CORRECTIONS, name)
        self._queries.forget_results(lambda cell: cell == wanted.value or cell in text_ids or wanted.is_in(cell))

    def _remove_old_versions(self, prompt: str, table: Table, request_file: str) -> None:
        name, folder = self._table_name(prompt, table), self._folder(prompt, table, request_file)
        location = self._catalog.find_partition(name, request_file)
        if location is None:
            return
        prefix, current = _key(folder) + "/", _key(location.rstrip("/")) + "/"
        with told_plainly(f"clear away old rows below {folder}"):
            pages = self._clients.s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            old = [found["Key"] for page in pages for found in page.get("Contents", [])]
            for key in old:
                if not key.startswith(current):
                    self._clients.s3.delete_object(Bucket=self._bucket, Key=key)
        forget_versions(self._clients, self._bucket, prefix, lambda _key: True)

    def _ensure_tables(self, prompt: str) -> None:
        if prompt in self._prompts_in_place:
            return
        for table in TABLES:
            location = f"{self._table_location(prompt, table)}/"
            self._catalog.ensure_table(self._table_name(prompt, table), table, location)
        self._prompts_in_place.add(prompt)

    def _ensure_views(self, prompt: str) -> None:
        if prompt in self._prompts_with_views:
            return
        self._ensure_tables(prompt)
        self._prompts_with_views.add(prompt)
        for view in VIEWS:
            try:
                self._catalog.ensure_view(glue_view(view, self.database, prompt))
            except ClassifierError as error:
                # The rows are in place; a run does not fail for a view.
                _LOGGER.warning("%s", error)

    def _table_name(self, prompt: str, table: Table) -> str:
        return f"{prompt}_{table.name}"

    def _table_location(self, prompt: str, table: Table) -> str:
        return f"{self.location_uri}/{self._table_name(prompt, table)}"

    def _folder(self, prompt: str, table: Table, request_file: str) -> str:
        return f"{self._table_location(prompt, table)}/{partition_folder(request_file)}"

    def _upload(self, path: Path, uri: str) -> None:
        key_id = self._kms_key_id
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id is not None else None
        with told_plainly(f"write {uri}"), path.open("rb") as file:
            self._clients.s3.upload_fileobj(file, self._bucket, _key(uri), ExtraArgs=encryption)

    def _download(self, uri: str, path: Path) -> None:
        with told_plainly(f"read {uri}"), path.open("wb") as file:
            self._clients.s3.download_fileobj(urlsplit(uri).netloc, _key(uri), file)

    def _sweep(self, name: str, request_file: str, folder: str) -> None:
        """Delete the partition's versions that nobody can be reading any more."""
        try:
            current = (self._catalog.find_partition(name, request_file) or "").rstrip("/").rpartition("/")[2]
            with told_plainly(f"clear away old rows below {folder}"):
                pages = self._clients.s3.get_paginator("list_objects_v2").paginate(
                    Bucket=self._bucket, Prefix=_key(folder) + "/"
                )
                files = {found["Key"].split("/")[-2]: found for page in pages for found in page.get("Contents", [])}
                written = {version: found["LastModified"] for version, found in files.items()}
                for version in outlived(written, current, datetime.datetime.now(datetime.UTC)):
                    self._clients.s3.delete_object(Bucket=self._bucket, Key=files[version]["Key"])
        except ClassifierError as error:
            # The new rows are in place; what is left over costs a little storage, not the run.
            _LOGGER.warning("%s", error)


def _key(uri: str) -> str:
    return urlsplit(uri).path.lstrip("/")
