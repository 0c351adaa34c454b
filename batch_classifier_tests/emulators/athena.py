"""Athena that runs its queries, put into moto's Athena, which runs none: over the Glue tables' Parquet, with DuckDB.

What it is not: Trino. SQL is parsed as Athena's and translated; what sqlglot knows to be foreign to Trino is refused
(athena_sql.py lists it), but DuckDB's functions may still differ from Trino's in detail. A query has ended before its
start is answered; the bytes scanned are those of the tables named in it, as if no partition were left out.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from batch_classifier_tests.emulators.athena_results import AthenaResult, column_information, write_csv
from batch_classifier_tests.emulators.athena_sql import QueryFailed, parse, run
from batch_classifier_tests.emulators.athena_tables import GlueTables
from batch_classifier_tests.emulators.service_errors import ExpiredToken

ROWS_PER_PAGE = 1_000


@dataclass(frozen=True)
class QueryError:
    """How a query ends that fails by a fault; a retryable one is worth another start."""

    reason: str
    is_retryable: bool = False


@dataclass
class AthenaFaults:
    """What goes wrong from now on.

    `throttled_starts` are refused before a query begins; `failures` are used up one query each, in order;
    `polls_while_running` is how often a query is seen running before it has ended. `scan_limit_bytes` holds in every
    workgroup and may be below the 10 MB that is the least a real one can have; where it is not set, a workgroup's own
    `BytesScannedCutoffPerQuery` holds.
    """

    throttled_starts: int = 0
    failures: list[QueryError] = field(default_factory=list)
    polls_while_running: int = 0
    scan_limit_bytes: int | None = None
    is_token_expired: bool = False


@dataclass
class Query:
    """A query that was started."""

    identifier: str
    sql: str
    database: str | None
    workgroup: str
    output_location: str
    started_at: float
    polls_left: int = 0
    state: str = "SUCCEEDED"
    error: QueryError | None = None
    result: AthenaResult | None = None
    scanned_bytes: int = 0


class AthenaApi:
    """Answers Athena's operations on queries, one at a time.

    `faults` may be changed at any time; `queries` are all that were started, oldest first. `make_s3` gives the client
    of the S3 where the tables lie; it is called when there is a query.
    """

    def __init__(self, make_s3: Callable[[], Any]) -> None:
        self.faults = AthenaFaults()
        self.queries: list[Query] = []
        self._make_s3 = make_s3
        self._lock = threading.Lock()
        self._by_token: dict[str, Query] = {}
        self._originals: dict[str, Any] = {}

    @property
    def _s3(self) -> Any:
        return self._make_s3()

    def install(self) -> None:
        """Put the operations in the place of moto's own."""
        for name, answer in self._operations().items():
            self._originals[name] = getattr(AthenaResponse, name)
            setattr(AthenaResponse, name, self._make_method(answer))

    def uninstall(self) -> None:
        """Give moto its own back."""
        for name, original in self._originals.items():
            setattr(AthenaResponse, name, original)

    def _operations(self) -> dict[str, Callable[[AthenaResponse], dict[str, Any]]]:
        return {
            "start_query_execution": self._start,
            "get_query_execution": self._get,
            "get_query_results": self._get_results,
            "stop_query_execution": self._stop,
        }

    def _make_method(self, answer: Callable[[AthenaResponse], dict[str, Any]]) -> Callable[[AthenaResponse], str]:
        def method(response: AthenaResponse) -> str:
            with self._lock:
                if self.faults.is_token_expired:
                    raise ExpiredToken
                return json.dumps(answer(response))

        return method

    def _start(self, response: AthenaResponse) -> dict[str, Any]:
        if self.faults.throttled_starts > 0:
            self.faults.throttled_starts -= 1
            raise JsonRESTError("ThrottlingException", "Rate exceeded")
        token = response._get_param("ClientRequestToken")
        if token not in self._by_token:
            query = self._accept(response)
            self._by_token[token or query.identifier] = query
            self.queries.append(query)
            return {"QueryExecutionId": query.identifier}
        return {"QueryExecutionId": self._by_token[token].identifier}

    def _accept(self, response: AthenaResponse) -> Query:
        workgroup = response._get_param("WorkGroup") or "primary"
        found = response.athena_backend.get_work_group(workgroup)
        if found is None:
            raise invalid_request(f"WorkGroup {workgroup} is not found.")
        identifier = str(uuid.uuid4())
        query = Query(
            identifier=identifier,
            sql=response._get_param("QueryString"),
            database=(response._get_param("QueryExecutionContext") or {}).get("Database"),
            workgroup=workgroup,
            output_location=f"{self._choose_output(response, found['Configuration']).rstrip('/')}/{identifier}.csv",
            started_at=time.time(),
            polls_left=self.faults.polls_while_running,
        )
        tables = GlueTables(response.current_account, response.region, self._s3)
        limits = (self.faults.scan_limit_bytes, found["Configuration"].get("BytesScannedCutoffPerQuery"))
        self._execute(query, tables, next((limit for limit in limits if limit is not None), None))
        return query

    def _choose_output(self, response: AthenaResponse, configuration: dict[str, Any]) -> str:
        own = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        asked = (response._get_param("ResultConfiguration") or {}).get("OutputLocation")
        location = own if configuration.get("EnforceWorkGroupConfiguration") and own else asked or own
        if not location:
            raise invalid_request(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        try:
            self._s3.head_bucket(Bucket=urlsplit(location).netloc)
        except ClientError as error:
            raise invalid_request(f"Unable to verify/create output bucket {urlsplit(location).netloc}") from error
        return location

    def _execute(self, query: Query, tables: GlueTables, cutoff: int | None) -> None:
        tree = parse(query.sql)
        try:
            if self.faults.failures:
                error = self.faults.failures.pop(0)
                raise QueryFailed(error.reason, is_retryable=error.is_retryable)
            read = tables.read_those_of(tree, query.database)
            query.scanned_bytes = sum(table.scanned_bytes for table in read)
            if cutoff is not None and query.scanned_bytes > cutoff:
                query.state, query.error = "CANCELLED", QueryError("Bytes scanned limit was exceeded")
                return
            query.result = run(tree, read, query.database)
            address = urlsplit(query.output_location)
            self._s3.put_object(Bucket=address.netloc, Key=address.path.lstrip("/"), Body=write_csv(query.result))
        except QueryFailed as failed:
            query.state, query.error = "FAILED", QueryError(str(failed), failed.is_retryable)
        except ClientError as error:
            query.state, query.error = "FAILED", QueryError(f"PERMISSION_DENIED: {error}")

    def _find(self, response: AthenaResponse) -> Query:
        identifier = response._get_param("QueryExecutionId")
        for query in self.queries:
            if query.identifier == identifier:
                return query
        raise invalid_request(f"QueryExecution {identifier} was not found")

    def _get(self, response: AthenaResponse) -> dict[str, Any]:
        query = self._find(response)
        state = query.state
        if query.polls_left > 0:
            query.polls_left -= 1
            state = "RUNNING"
        status: dict[str, Any] = {"State": state, "SubmissionDateTime": query.started_at}
        if state != "RUNNING":
            status["CompletionDateTime"] = query.started_at
        if query.error is not None and state != "RUNNING":
            status["StateChangeReason"] = query.error.reason
            status["AthenaError"] = {
                "ErrorCategory": 1 if query.error.is_retryable else 2,
                "Retryable": query.error.is_retryable,
                "ErrorMessage": query.error.reason,
            }
        return {
            "QueryExecution": {
                "QueryExecutionId": query.identifier,
                "Query": query.sql,
                "StatementType": "DML",
                "WorkGroup": query.workgroup,
                "ResultConfiguration": {"OutputLocation": query.output_location},
                "QueryExecutionContext": {"Database": query.database} if query.database else {},
                "Status": status,
                "Statistics": {"DataScannedInBytes": query.scanned_bytes, "EngineExecutionTimeInMillis": 1},
                "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
            }
        }

    def _get_results(self, response: AthenaResponse) -> dict[str, Any]:
        query = self._find(response)
        if query.result is None or query.polls_left > 0:
            state = "RUNNING" if query.polls_left > 0 else query.state
            raise invalid_request(f"Query did not finish successfully. Final query state: {state}")
        start = int(response._get_param("NextToken") or 0)
        size = min(int(response._get_param("MaxResults") or ROWS_PER_PAGE), ROWS_PER_PAGE)
        # The names of the columns are the first row, as Athena has it.
        rows: list[list[str | None]] = [[column.name for column in query.result.columns], *query.result.texts()]
        page = {
            "Rows": [{"Data": [_cell(value) for value in row]} for row in rows[start : start + size]],
            "ResultSetMetadata": {"ColumnInfo": column_information(query.result.columns)},
        }
        return {"ResultSet": page} | ({"NextToken": str(start + size)} if start + size < len(rows) else {})

    def _stop(self, response: AthenaResponse) -> dict[str, Any]:
        query = self._find(response)
        if query.polls_left > 0:
            query.polls_left = 0
            query.state, query.error, query.result = "CANCELLED", QueryError("Query cancelled by user"), None
        return {}


def _cell(value: str | None) -> dict[str, str]:
    return {} if value is None else {"VarCharValue": value}


def invalid_request(message: str) -> JsonRESTError:
    """The error that Athena answers a bad request with."""
    return JsonRESTError("InvalidRequestException", message)
