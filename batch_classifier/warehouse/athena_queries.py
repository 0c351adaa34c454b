"""SQL put to Athena: start, wait, and the result as a stream of record batches with its types."""

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import told_plainly
from batch_classifier.errors import ClassifierError
from batch_classifier.record_batches import bounded
from batch_classifier.storage.s3_versions import forget_versions
from batch_classifier.storage.unfinished import temporary_folder

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
# One row of a result has to fit in a block; the longest values in it are a model's reasons.
BLOCK_BYTES = 8_000_000
_UTC = pa.timestamp("us", tz="UTC")
_TYPES = {
    "tinyint": pa.int64(),
    "smallint": pa.int64(),
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    # Athena's timestamp has no zone; the tables hold UTC.
    "timestamp": pa.timestamp("us"),
}


class AthenaQueries:
    """Runs queries in one workgroup and database.

    `output_uri` is where Athena puts the results; a workgroup that enforces its own settings puts them elsewhere.
    They stay there, as Athena's own history of queries expects: the bucket's lifecycle rules clear them away.
    """

    def __init__(
        self, clients: AwsClients, database: str, workgroup: str, output_uri: str, kms_key_id: str | None = None
    ) -> None:
        self._clients = clients
        self._database = database
        self._workgroup = workgroup
        self._output_uri = output_uri
        self._kms_key_id = kms_key_id

    @contextmanager
    def stream(self, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """The result of a SELECT, in its order; raises ClassifierError when Athena refuses it or fails."""
        execution = self._run(sql)
        with temporary_folder() as directory:
            path = directory / "result.csv"
            with told_plainly(f"read the result of a query from {self._output_uri}"):
                schema = self._result_schema(execution["QueryExecutionId"])
                self._download(execution, path)
            yield read_result(path, schema)

    def forget_results(self, is_unwanted: Callable[[str], bool]) -> int:
        """Delete the stored results of queries that have such a cell, whoever ran them; returns how many."""
        address = urlsplit(self._output_uri)
        removed = []
        with told_plainly(f"clear away results of queries below {self._output_uri}"):
            pages = self._clients.s3.get_paginator("list_objects_v2").paginate(
                Bucket=address.netloc, Prefix=address.path.lstrip("/")
            )
            for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
                if key.endswith(".csv") and self._has_cell(address.netloc, key, is_unwanted):
                    removed.append(key)
                    self._clients.s3.delete_object(Bucket=address.netloc, Key=key)
        forget_versions(self._clients, address.netloc, address.path.lstrip("/"), lambda key: key in removed)
        return len(removed)

    def _has_cell(self, bucket: str, key: str, is_unwanted: Callable[[str], bool]) -> bool:
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="", prefix="batch-classifier-") as file:
            self._clients.s3.download_fileobj(bucket, key, file.buffer)
            file.seek(0)
            csv.field_size_limit(BLOCK_BYTES)
            return any(is_unwanted(cell) for row in csv.reader(file) for cell in row)

    def _run(self, sql: str) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            execution = self._run_once(sql)
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                return execution
            if not status.get("AthenaError", {}).get("Retryable") or attempt == ATTEMPTS:
                break
        raise ClassifierError(self._explain(status.get("StateChangeReason") or f"it ended as {status['State']}"))

    def _run_once(self, sql: str) -> dict[str, Any]:
        with told_plainly(f"run a query in the Athena workgroup {self._workgroup}"):
            identifier = self._clients.athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": self._database},
                WorkGroup=self._workgroup,
                ResultConfiguration=self._result_configuration(),
            )["QueryExecutionId"]
            try:
                return self._wait(identifier)
            except BaseException:
                # Also when the run is interrupted: a query that nobody waits for still costs money.
                with suppress(Exception):
                    self._clients.athena.stop_query_execution(QueryExecutionId=identifier)
                raise

    def _wait(self, identifier: str) -> dict[str, Any]:
        pause = FIRST_PAUSE_SECONDS
        while True:
            answer = self._clients.athena.get_query_execution(QueryExecutionId=identifier)
            execution: dict[str, Any] = answer["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return execution
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)

    def _result_configuration(self) -> dict[str, Any]:
        configuration: dict[str, Any] = {"OutputLocation": self._output_uri}
        if self._kms_key_id is not None:
            configuration["EncryptionConfiguration"] = {"EncryptionOption": "SSE_KMS", "KmsKey": self._kms_key_id}
        return configuration

    def _explain(self, reason: str) -> str:
        reason = reason.strip().rstrip(".")
        if "Bytes scanned limit was exceeded" in reason:
            return (
                f"Athena stopped a query because it would read more than the workgroup {self._workgroup} allows "
                f"({reason}); raise that workgroup's limit of data per query."
            )
        return f"Athena could not run a query on the database {self._database}: {reason}."

    def _result_schema(self, identifier: str) -> pa.Schema:
        results = self._clients.athena.get_query_results(QueryExecutionId=identifier, MaxResults=1)
        columns = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        return pa.schema([(column["Name"], _arrow_type(column)) for column in columns])

    def _download(self, execution: dict[str, Any], path: Path) -> None:
        location = execution.get("ResultConfiguration", {}).get("OutputLocation")
        if not location:
            raise ClassifierError(
                f"The Athena workgroup {self._workgroup} keeps the results of queries to itself (managed query "
                "results); choose a workgroup that writes them to S3."
            )
        address = urlsplit(location)
        with path.open("wb") as file:
            self._clients.s3.download_fileobj(address.netloc, address.path.lstrip("/"), file)


def read_result(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a result file. Athena quotes every value, so that a null and an empty string differ."""
    import pyarrow.csv

    reader = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
        # A row of nothing but one null is an empty line.
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    with reader:
        yield from map(_with_zones, bounded(reader))


def _with_zones(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [column.cast(_UTC) if column.type == pa.timestamp("us") else column for column in batch.columns]
    return pa.record_batch(columns, names=batch.schema.names)


def _arrow_type(column: dict[str, Any]) -> pa.DataType:
    if column["Type"] == "decimal":
        return pa.decimal128(column["Precision"], column["Scale"])
    return _TYPES.get(column["Type"], pa.string())
