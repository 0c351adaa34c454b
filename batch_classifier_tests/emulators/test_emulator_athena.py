"""The Athena emulator answers as Athena does; real boto3 and awswrangler calls over HTTP."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet
import pytest
from botocore.exceptions import ClientError

from batch_classifier_tests.emulators.athena import AthenaFaults, QueryError
from batch_classifier_tests.emulators.server import BedrockEmulator

OUTPUT = "s3://results/queries/"
PARQUET = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
COLUMNS = [{"Name": "name", "Type": "string"}, {"Name": "size", "Type": "bigint"}, {"Name": "at", "Type": "timestamp"}]


@pytest.fixture(scope="module")
def serving() -> Iterator[BedrockEmulator]:
    """An emulator with a table `shop.visits` of two partitions; the second has no column `at`."""
    with BedrockEmulator() as emulator:
        emulator.create_buckets("tables", "results")
        glue = emulator.client("glue")
        glue.create_database(DatabaseInput={"Name": "shop"})
        described = {
            "Name": "visits",
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "StorageDescriptor": {"Location": "s3://tables/visits/", "Columns": COLUMNS, "SerdeInfo": PARQUET},
        }
        glue.create_table(DatabaseName="shop", TableInput=described)
        moment = pa.array([1_700_000_000_123_456, None], pa.timestamp("us", tz="UTC"))
        add_partition(
            emulator, "mon/day", "s3://tables/elsewhere/a/", {"name": ["", None], "size": [1, 2], "at": moment}
        )
        add_partition(emulator, "it's 100%", "s3://tables/visits/b/", {"name": ['say "hi"\nthere, é'], "size": [3]})
        yield emulator


@pytest.fixture
def emulator(serving: BedrockEmulator, monkeypatch: pytest.MonkeyPatch) -> BedrockEmulator:
    """The same for each test, without faults and with boto3 led to it."""
    for name, value in serving.environment.items():
        monkeypatch.setenv(name, value)
    serving.athena.faults = AthenaFaults()
    return serving


def add_partition(emulator: BedrockEmulator, day: str, location: str, values: dict[str, Any]) -> None:
    """Write a Parquet file and register its folder."""
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(values), buffer)
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    emulator.client("s3").put_object(Bucket=bucket, Key=f"{prefix}part-0.parquet", Body=buffer.getvalue())
    storage = {"Location": location, "Columns": COLUMNS, "SerdeInfo": PARQUET}
    emulator.client("glue").create_partition(
        DatabaseName="shop", TableName="visits", PartitionInput={"Values": [day], "StorageDescriptor": storage}
    )


def run(emulator: BedrockEmulator, sql: str, **more: Any) -> dict[str, Any]:
    """Start a query and look at it once."""
    athena = emulator.client("athena")
    given = {"ResultConfiguration": {"OutputLocation": OUTPUT}, "QueryExecutionContext": {"Database": "shop"}} | more
    started = athena.start_query_execution(QueryString=sql, **given)
    return athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]


def read_output(emulator: BedrockEmulator, execution: dict[str, Any]) -> str:
    """The result file."""
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    return emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def test_result_file_quotes_values_and_leaves_nulls_bare(emulator: BedrockEmulator) -> None:
    execution = run(emulator, "select name, size, at, day from visits order by size")
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["Statistics"]["DataScannedInBytes"] > 0
    assert read_output(emulator, execution) == (
        '"name","size","at","day"\n'
        '"","1","2023-11-14 22:13:20.123","mon/day"\n'
        ',"2",,"mon/day"\n'
        '"say ""hi""\nthere, é","3",,"it\'s 100%"\n'
    )


def test_results_come_in_pages_with_the_names_first(emulator: BedrockEmulator) -> None:
    execution = run(
        emulator, "select size, cast(size as double) / 3 as share, sum(size) over () as total from visits order by 1"
    )
    pages = list(
        emulator.client("athena")
        .get_paginator("get_query_results")
        .paginate(QueryExecutionId=execution["QueryExecutionId"], PaginationConfig={"PageSize": 2})
    )
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [2, 2]
    assert rows[0] == ["size", "share", "total"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    types = [column["Type"] for column in pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
    assert types == ["bigint", "double", "bigint"]


def test_awswrangler_reads_a_query(emulator: BedrockEmulator) -> None:
    import awswrangler

    frame = awswrangler.athena.read_sql_query(
        "select day, count(*) as visits, max(at) as latest from visits group by day order by visits",
        database="shop",
        s3_output=OUTPUT,
        ctas_approach=False,
        boto3_session=boto3.Session(),
    )
    assert frame["day"].tolist() == ["it's 100%", "mon/day"]
    assert frame["visits"].tolist() == [1, 2]
    assert str(frame["latest"][1]) == "2023-11-14 22:13:20.123000"


def test_rows_without_an_order_come_in_none(emulator: BedrockEmulator) -> None:
    execution = run(emulator, "select size from visits")
    assert read_output(emulator, execution) == '"size"\n"3"\n"2"\n"1"\n'


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select * from nobody", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.shop.nobody' does not exist"),
        ("select * from elsewhere.visits", "SCHEMA_NOT_FOUND: line 1:1: Schema 'elsewhere' does not exist"),
        ("select colour from visits", "COLUMN_NOT_FOUND: Column 'colour'"),
        ("select size as big from visits where big > 1", "COLUMN_NOT_FOUND: Column 'big'"),
        ("select count(*) as n from visits having n > 1", "COLUMN_NOT_FOUND: Column 'n'"),
        ("select * from visits where size = '1'", "TYPE_MISMATCH: Cannot apply operator: bigint and varchar"),
        ("select * from visits where name in (1, 2)", "TYPE_MISMATCH"),
        ("select strlen(name) from visits", "FUNCTION_NOT_FOUND: Function 'strlen' not registered"),
    ],
)
def test_a_query_that_cannot_run_has_failed(emulator: BedrockEmulator, sql: str, reason: str) -> None:
    status = run(emulator, sql)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(reason)
    assert status["AthenaError"]["Retryable"] is False


@pytest.mark.parametrize(
    "sql",
    [
        "selec 1",
        "select size::varchar from visits",
        "select * from visits where name ilike 'a%'",
        "select * exclude (size) from visits",
        "select size from visits qualify row_number() over () = 1",
        "select [1, 2]",
        "from visits",
        "select 1; select 2",
        "drop table visits",
    ],
)
def test_sql_that_is_not_athenas_is_refused_at_once(emulator: BedrockEmulator, sql: str) -> None:
    with pytest.raises(ClientError, match="InvalidRequestException"):
        run(emulator, sql)


def test_requests_that_athena_would_refuse(emulator: BedrockEmulator) -> None:
    with pytest.raises(ClientError, match="WorkGroup nobody is not found"):
        run(emulator, "select 1", WorkGroup="nobody")
    with pytest.raises(ClientError, match="No output location provided"):
        run(emulator, "select 1", ResultConfiguration={})
    with pytest.raises(ClientError, match="Unable to verify/create output bucket nowhere"):
        run(emulator, "select 1", ResultConfiguration={"OutputLocation": "s3://nowhere/"})
    with pytest.raises(ClientError, match="was not found"):
        emulator.client("athena").get_query_execution(QueryExecutionId="nobody")


def test_a_workgroup_limits_the_scan_and_enforces_its_output(emulator: BedrockEmulator) -> None:
    configuration = {
        "BytesScannedCutoffPerQuery": 10_000_000,
        "EnforceWorkGroupConfiguration": True,
        "ResultConfiguration": {"OutputLocation": "s3://results/enforced/"},
    }
    emulator.client("athena").create_work_group(Name="small", Configuration=configuration)
    execution = run(emulator, "select size from visits", WorkGroup="small")
    assert execution["ResultConfiguration"]["OutputLocation"].startswith("s3://results/enforced/")
    emulator.athena.faults.scan_limit_bytes = 10
    status = run(emulator, "select size from visits", WorkGroup="small")["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")


def test_the_same_token_starts_one_query(emulator: BedrockEmulator) -> None:
    token = "a-token-of-at-least-32-characters"
    first, second = (run(emulator, "select 1 as one", ClientRequestToken=token)["QueryExecutionId"] for _ in range(2))
    assert first == second
    assert sum(query.identifier == first for query in emulator.athena.queries) == 1


def test_faults(emulator: BedrockEmulator) -> None:
    emulator.athena.faults.failures = [QueryError("GENERIC_INTERNAL_ERROR: try again", is_retryable=True)]
    status = run(emulator, "select 1 as one")["Status"]
    assert (status["State"], status["AthenaError"]["Retryable"]) == ("FAILED", True)
    emulator.athena.faults.polls_while_running = 1
    assert run(emulator, "select 1 as one")["Status"]["State"] == "RUNNING"
    emulator.athena.faults.is_token_expired = True
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        run(emulator, "select 1 as one")


def test_a_running_query_can_be_stopped(emulator: BedrockEmulator) -> None:
    emulator.athena.faults.polls_while_running = 5
    identifier = run(emulator, "select 1 as one")["QueryExecutionId"]
    athena = emulator.client("athena")
    athena.stop_query_execution(QueryExecutionId=identifier)
    assert athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]["Status"]["State"] == "CANCELLED"
