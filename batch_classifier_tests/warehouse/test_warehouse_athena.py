"""Both warehouses keep the same promises; what only AWS can do wrong, the Athena warehouse tells plainly."""

import datetime
import inspect
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from batch_classifier.aws import clients as aws_clients
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.warehouse import athena_queries, partition_folders, queries
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.partition_folders import outlived, partition_folder
from batch_classifier.warehouse.tables import (
    BATCH_JOB,
    BEDROCK_JSONL,
    BILL,
    CATEGORY_SUMMARY,
    CLASSIFICATIONS,
    RAW_REQUESTS,
    TABLES,
    Table,
)
from batch_classifier_tests.emulators.athena import AthenaFaults, QueryError
from batch_classifier_tests.emulators.server import BedrockEmulator

BUCKET = "internal"
MOMENT = datetime.datetime(2024, 5, 1, 10, 11, 12, 345_000, tzinfo=datetime.UTC)
PROMPT: Any = SimpleNamespace(name="travel", version="0123456789ab", class_names=("Billing", "it's Other"))
MODEL = "local-embeddings"
AWKWARD_TEXTS = [
    "",
    None,
    'say "hi", please',
    "two\nlines\r\nand\rmore",
    "é 漢字 🙂 \u2028 \x85",
    "a,b;c\td",
    "NULL",
    "\\N \\",
    "it's",
]
AWKWARD_FILES = [
    "2024/05/calls of May.csv",
    'it\'s 100% #1 = "good"?.csv',
    "Übersicht/漢字 🙂.xlsx",
    "a=b/request_file=c:d*e{f}.csv",
    "back\\slash.csv",
    " leading and trailing ",
    "x" * 900 + ".csv",
]


@pytest.fixture(scope="module")
def serving() -> Iterator[BedrockEmulator]:
    """One emulator for all tests here; each has a database and a folder of its own."""
    with BedrockEmulator() as emulator:
        emulator.create_buckets(BUCKET)
        yield emulator


@pytest.fixture
def emulator(serving: BedrockEmulator, monkeypatch: pytest.MonkeyPatch) -> BedrockEmulator:
    """The emulator without faults, with boto3 led to it."""
    for name, value in serving.environment.items():
        monkeypatch.setenv(name, value)
    serving.athena.faults = AthenaFaults()
    return serving


class SharedSession:
    """A session that makes one client for each service, because making them takes longer than the tests themselves."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def client(self, service: str, config: Config) -> Any:
        """The service's one client."""
        if service not in self._clients:
            self._clients[service] = boto3.Session().client(service, config=config)
        return self._clients[service]


@pytest.fixture(scope="module")
def session() -> SharedSession:
    """The session of all warehouses here."""
    return SharedSession()


@pytest.fixture
def athena(emulator: BedrockEmulator, request: pytest.FixtureRequest) -> AthenaWarehouse:
    """An Athena warehouse in an account that has a bucket and nothing else."""
    return make_athena(request)


def make_athena(request: pytest.FixtureRequest, **more: Any) -> AthenaWarehouse:
    """A warehouse of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    return AthenaWarehouse(
        f"s3://{BUCKET}/{name}/tables", **{"database": name, "session": request.getfixturevalue("session")} | more
    )


@pytest.fixture(params=["duckdb", "athena"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """Each warehouse in turn."""
    if request.param == "duckdb":
        return DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    request.getfixturevalue("emulator")
    return make_athena(request)


def batch_of(table: Table, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows as a record batch; what a row does not say is null."""
    return pa.RecordBatch.from_pylist(rows, schema=table.schema)


def classified(request_file: str, texts: Iterable[str | None], **more: Any) -> list[dict[str, Any]]:
    """Rows of classifications with these reasons, numbered from 1."""
    same = {
        "request_file": request_file,
        "status": "classified",
        "class": "Billing",
        "answered_at": MOMENT,
        "cost_usd": 0.1,
    }
    return [same | {"row_number": place, "rationale": text, **more} for place, text in enumerate(texts, 1)]


def put(warehouse: Warehouse, request_file: str, texts: Iterable[str | None], **more: Any) -> int:
    """Replace a file's classifications."""
    rows = batch_of(CLASSIFICATIONS, classified(request_file, texts, **more))
    return warehouse.replace("travel", CLASSIFICATIONS, request_file, [rows])


def reasons(warehouse: Warehouse, request_file: str) -> list[str | None]:
    """The reasons of a file's classifications, loaded."""
    with warehouse.read("travel", CLASSIFICATIONS, request_file, ["rationale"]) as batches:
        return [row["rationale"] for batch in batches for row in batch.to_pylist()]


def test_what_is_loaded_is_what_was_written(warehouse: Warehouse) -> None:
    rows = classified("a.csv", AWKWARD_TEXTS)
    assert put(warehouse, "a.csv", AWKWARD_TEXTS) == len(rows)
    with warehouse.read("travel", CLASSIFICATIONS, "a.csv") as batches:
        loaded = pa.Table.from_batches(list(batches))
    assert loaded.column_names == CLASSIFICATIONS.schema.names
    assert loaded.cast(CLASSIFICATIONS.schema).to_pylist() == batch_of(CLASSIFICATIONS, rows).to_pylist()


def test_what_is_queried_is_what_was_written(warehouse: Warehouse) -> None:
    put(warehouse, "a.csv", AWKWARD_TEXTS)
    columns = "rationale, row_number, cost_usd, answered_at, confidence"
    name = warehouse.name("travel", CLASSIFICATIONS)
    assert warehouse.query("travel", f"select {columns} from {name} order by row_number") == [
        {"rationale": text, "row_number": number, "cost_usd": 0.1, "answered_at": MOMENT, "confidence": None}
        for number, text in enumerate(AWKWARD_TEXTS, 1)
    ]
    # Alone in its row, where a CSV is an empty line.
    assert warehouse.query("travel", f"select rationale from {name} where row_number = 2") == [{"rationale": None}]


def test_columns_come_as_they_are_asked_for(warehouse: Warehouse) -> None:
    put(warehouse, "a.csv", ["one"])
    for columns in (["rationale", "row_number"], ["request_file"], ["row_number", "request_file"]):
        with warehouse.read("travel", CLASSIFICATIONS, "a.csv", columns) as batches:
            (row,) = [row for batch in batches for row in batch.to_pylist()]
        assert list(row) == columns
        assert {"rationale": "one", "row_number": 1, "request_file": "a.csv"}.items() >= row.items()


def test_many_batches_keep_their_order(warehouse: Warehouse) -> None:
    pieces = [
        batch_of(
            CLASSIFICATIONS, [{"request_file": "a.csv", "row_number": 3_000 * place + row} for row in range(3_000)]
        )
        for place in range(3)
    ]
    assert warehouse.replace("travel", CLASSIFICATIONS, "a.csv", iter(pieces)) == 9_000
    with warehouse.read("travel", CLASSIFICATIONS, "a.csv", ["row_number"]) as batches:
        assert [number for batch in batches for number in batch["row_number"].to_pylist()] == list(range(9_000))


def test_columns_are_matched_by_name(warehouse: Warehouse) -> None:
    swapped = pa.RecordBatch.from_pydict(
        {"rationale": ["why"], "row_number": [1], "request_file": ["a.csv"], "class": ["Other"]}
    )
    warehouse.replace("travel", CLASSIFICATIONS, "a.csv", [swapped])
    with warehouse.read("travel", CLASSIFICATIONS, "a.csv", ["class", "rationale", "status"]) as batches:
        assert [row for batch in batches for row in batch.to_pylist()] == [
            {"class": "Other", "rationale": "why", "status": None}
        ]


def test_a_rerun_replaces_its_own_partition_only(warehouse: Warehouse) -> None:
    put(warehouse, "a.csv", ["old", "old too"])
    put(warehouse, "b.csv", ["other"])
    put(warehouse, "a.csv", ["new"])
    assert (reasons(warehouse, "a.csv"), reasons(warehouse, "b.csv")) == (["new"], ["other"])
    sql = f"select count(*) as requests from {warehouse.name('travel', CLASSIFICATIONS)}"
    assert warehouse.query("travel", sql) == [{"requests": 2}]


def test_a_partition_may_be_empty(warehouse: Warehouse) -> None:
    put(warehouse, "a.csv", ["old"])
    assert warehouse.replace("travel", CLASSIFICATIONS, "a.csv", []) == 0
    assert reasons(warehouse, "a.csv") == []
    assert warehouse.query("travel", f"select row_number from {warehouse.name('travel', CLASSIFICATIONS)}") == []


def test_what_was_never_written_is_empty(warehouse: Warehouse) -> None:
    assert warehouse.query("travel", f"select * from {warehouse.name('travel', RAW_REQUESTS)}") == []
    for table in TABLES:
        with warehouse.read("travel", table, "never.csv") as batches:
            assert [batch for batch in batches if batch.num_rows] == []


def test_a_failure_in_the_middle_leaves_the_old_rows(warehouse: Warehouse) -> None:
    put(warehouse, "a.csv", ["old"])

    def broken() -> Iterator[pa.RecordBatch]:
        yield batch_of(CLASSIFICATIONS, classified("a.csv", ["half"]))
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        warehouse.replace("travel", CLASSIFICATIONS, "a.csv", broken())
    assert reasons(warehouse, "a.csv") == ["old"]


def test_any_name_of_a_file_comes_back(warehouse: Warehouse) -> None:
    for request_file in AWKWARD_FILES:
        put(warehouse, request_file, [request_file])
    assert [reasons(warehouse, request_file) for request_file in AWKWARD_FILES] == [[name] for name in AWKWARD_FILES]
    name = warehouse.name("travel", CLASSIFICATIONS)
    rows = warehouse.query("travel", f"select request_file from {name} where request_file = rationale")
    assert sorted(row["request_file"] for row in rows) == sorted(AWKWARD_FILES)
    (row,) = warehouse.query("travel", queries.category_summary(warehouse, PROMPT, AWKWARD_FILES[1]))
    assert (row["request_file"], row["requests"]) == (AWKWARD_FILES[1], 1)


def test_two_writers_at_once_leave_one_of_them_whole(warehouse: Warehouse) -> None:
    together = threading.Barrier(2)

    def rows(text: str) -> Iterator[pa.RecordBatch]:
        if isinstance(warehouse, AthenaWarehouse):
            together.wait(10)
        for start in range(3):
            yield batch_of(CLASSIFICATIONS, classified("a.csv", [f"{text} {start}"] * 10))

    def write(text: str) -> None:
        # DuckDB refuses the second of two in one process; two processes wait for each other.
        with suppress(duckdb.TransactionException):
            warehouse.replace("travel", CLASSIFICATIONS, "a.csv", rows(text))

    put(warehouse, "a.csv", ["old"])
    writers = [threading.Thread(target=write, args=(text,)) for text in ("first", "second")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)
    found = reasons(warehouse, "a.csv")
    assert len(found) == 30
    assert len({str(text).split()[0] for text in found}) == 1


# Every SQL text of the product, on the same rows in both warehouses.


def fill(warehouse: Warehouse) -> None:
    """Rows in all tables for two request files, with something to find for every query."""
    asked = {"prompt_version": PROMPT.version, "model_id": MODEL}
    given = {"batch": "b1", "answered_at": MOMENT, "confidence": 0.5, "rationale": "because"}
    kinds = [("Billing", "classified"), ("Other", "repaired"), (None, "no_answer")]
    requests = [{"row_number": row, "text": f"text {row}", "text_id": f"t{row}"} for row in range(1, 5)]
    for row in requests[:2]:
        row["redaction"] = "v1"
    requests.append({"row_number": 5, "problem": "has no text", "date_problem": "has no date"})
    answers = [
        asked
        | given
        | {"row_number": row, "text_id": f"t{row}", "class": kind, "status": status, "cost_usd": 0.25 * row}
        for row, (kind, status) in enumerate([*kinds, kinds[0]], 1)
    ]
    answers[-1] |= {"prompt_version": "older", "expected_class": "Other"}
    answers[0]["error"] = "settled by a second question"
    job = {
        "batch": "b1",
        "attempt": 1,
        "model_id": MODEL,
        "submitted_at": MOMENT,
        "ended_at": MOMENT,
        "prompt_name": "travel",
        "month": "2024-05",
    }
    bill = job | {
        "texts": 2,
        "answered": 2,
        "content_bytes": 10,
        "input_tokens": 5,
        "output_tokens": 1,
        "cost_usd": 0.5,
    }
    content: dict[Table, list[dict[str, Any]]] = {
        RAW_REQUESTS: [row | {"record_id": "twice"} for row in requests],
        BEDROCK_JSONL: [asked | {"batch": name, "records": 2, "bytes": 10} for name in ("b1", "b2")],
        BATCH_JOB: [{"batch": "b1", "attempt": 1, "status": "Completed", "submitted_at": MOMENT, "cost_usd": 0.5}],
        CLASSIFICATIONS: answers,
        CATEGORY_SUMMARY: [{"class": "Billing", "requests": 2, "cost_usd": 0.75}, {"class": None, "requests": 1}],
    }
    for request_file in ("a.csv", "it's b.csv"):
        for table, rows in content.items():
            own = batch_of(table, [row | {"request_file": request_file} for row in rows])
            warehouse.replace("travel", table, request_file, [own])
    warehouse.replace("travel", BILL, "b1", [batch_of(BILL, [bill | {"request_file": "a.csv"}])])


@pytest.fixture(scope="module")
def filled(serving: BedrockEmulator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Warehouse]:
    """Both warehouses with the same rows."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in serving.environment.items():
            patch.setenv(name, value)
        of_duckdb = DuckDBWarehouse(tmp_path_factory.mktemp("filled") / "warehouse.duckdb")
        of_athena = AthenaWarehouse(f"s3://{BUCKET}/filled/tables", database="filled")
        for warehouse in (of_duckdb, of_athena):
            fill(warehouse)
        return of_duckdb, of_athena


SQL_TEXTS = [
    function
    for name, function in inspect.getmembers(queries, inspect.isfunction)
    if function.__module__ == queries.__name__ and not name.startswith("_")
]


@pytest.mark.parametrize("sql_text", SQL_TEXTS, ids=lambda function: function.__name__)
def test_every_sql_text_says_the_same_in_both(
    sql_text: Callable[..., str], filled: tuple[Warehouse, Warehouse], emulator: BedrockEmulator
) -> None:
    """New functions in queries.py are tested by themselves, as long as their parameters are among these."""
    given = {
        "prompt": PROMPT,
        "model_id": MODEL,
        "request_file": "it's b.csv",
        "condition": "status <> 'classified'",
        "redaction": "v1",
        "text_ids": ["t1", "t2", "it's none"],
        "row_numbers": [1, 3],
        "batches": ["b1"],
        "prompt_name": "travel",
        "month": "2024-05",
        "most": 2,
    }
    wanted = [name for name in inspect.signature(sql_text).parameters if name in given]
    results = []
    for warehouse in filled:
        sql = sql_text(warehouse, **{name: given[name] for name in wanted})
        results.append([{name: plain(value) for name, value in row.items()} for row in warehouse.query("travel", sql)])
    of_duckdb, of_athena = results
    assert of_duckdb, "the rows above must give this query something to find"
    assert sorted(of_athena, key=repr) == sorted(of_duckdb, key=repr)


def plain(value: Any) -> Any:
    """DuckDB's sums of whole numbers are decimals."""
    return int(value) if isinstance(value, Decimal) and value == int(value) else value


# What only the Athena warehouse does.


def test_nothing_is_asked_of_aws_before_the_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    warehouse = AthenaWarehouse("s3://somewhere/tables", workgroup="analysts")
    assert warehouse.name("travel", CLASSIFICATIONS) == "batch_classifier.travel_classifications"
    with pytest.raises(ClassifierError, match="no AWS Region is set"):
        warehouse.query("travel", "select 1 as one")


@pytest.mark.parametrize(
    ("location", "database"), [("/tmp/tables", "a"), ("s3:///tables", "a"), ("s3://bucket/tables", "a-b")]
)
def test_settings_that_cannot_work_are_refused(location: str, database: str) -> None:
    with pytest.raises(SettingError):
        AthenaWarehouse(location, database=database)


def test_the_glue_table_explains_itself(emulator: BedrockEmulator, athena: AthenaWarehouse) -> None:
    put(athena, "a b/c.csv", ["one"])
    glue = emulator.client("glue")
    table = glue.get_table(DatabaseName=athena.database, Name="travel_classifications")["Table"]
    assert table["Description"] == CLASSIFICATIONS.description
    assert [column["Name"] for column in table["PartitionKeys"]] == ["request_file"]
    assert all(column["Comment"] for column in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"])
    assert table["Parameters"]["classification"] == "parquet"
    (partition,) = glue.get_partitions(DatabaseName=athena.database, TableName="travel_classifications")["Partitions"]
    assert partition["Values"] == ["a b/c.csv"]
    assert partition["StorageDescriptor"]["Location"].startswith(
        f"{athena.location_uri}/travel_classifications/a_b_c.csv-"
    )


def test_another_library_reads_what_was_written(athena: AthenaWarehouse) -> None:
    """awswrangler, by the catalog and by Athena, whose results it reads with pandas: line breaks become one kind there."""
    import awswrangler

    put(athena, AWKWARD_FILES[1], AWKWARD_TEXTS)
    session, name = boto3.Session(), athena.name("travel", CLASSIFICATIONS)
    read = awswrangler.s3.read_parquet_table(
        table=name.partition(".")[2], database=athena.database, boto3_session=session
    ).sort_values("row_number")
    assert [None if value is pd.NA else value for value in read["rationale"]] == AWKWARD_TEXTS
    asked = awswrangler.athena.read_sql_query(
        f"select request_file, rationale from {name} where row_number <> 4 order by row_number",
        database=athena.database,
        s3_output=f"{athena.location_uri}-read/",
        ctas_approach=False,
        boto3_session=session,
    )
    kept = [text or None for place, text in enumerate(AWKWARD_TEXTS, 1) if place != 4]
    assert [None if value is pd.NA else value for value in asked["rationale"]] == kept
    assert set(asked["request_file"]) == {AWKWARD_FILES[1]}


def test_a_table_grows_by_new_columns(athena: AthenaWarehouse) -> None:
    few = tuple(column for column in CLASSIFICATIONS.columns if column.name not in ("class", "batch", "cost_usd"))
    younger = Table(CLASSIFICATIONS.name, CLASSIFICATIONS.description, few)
    old = [{"request_file": "old.csv", "row_number": 1, "rationale": "why"}]
    athena.replace("travel", younger, "old.csv", [batch_of(younger, old)])
    put(athena, "new.csv", ["because"])
    with athena.read("travel", CLASSIFICATIONS, "old.csv", ["class", "rationale", "cost_usd"]) as batches:
        assert next(batches).to_pylist() == [{"class": None, "rationale": "why", "cost_usd": None}]
    name = athena.name("travel", CLASSIFICATIONS)
    rows = athena.query(
        "travel", f'select request_file, "class", cost_usd, rationale from {name} order by request_file desc'
    )
    assert [list(row.values()) for row in rows] == [
        ["old.csv", None, None, "why"],
        ["new.csv", "Billing", 0.1, "because"],
    ]


def test_a_column_of_another_type_is_told(emulator: BedrockEmulator, athena: AthenaWarehouse) -> None:
    columns = tuple(
        replace(column, type=pa.string()) if column.name == "cost_usd" else column for column in CLASSIFICATIONS.columns
    )
    athena.replace("travel", Table(CLASSIFICATIONS.name, "", columns), "a.csv", [])
    with pytest.raises(ClassifierError, match=r"cost_usd of .* is string in Glue, and should be double"):
        put(athena, "a.csv", ["one"])


def test_runs_may_make_the_tables_at_once(athena: AthenaWarehouse) -> None:
    errors: list[BaseException] = []

    def write(place: int) -> None:
        try:
            put(athena, f"{place}.csv", ["one"])
        except ClassifierError as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(place,)) for place in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)
    assert errors == []
    sql = f"select count(*) as requests from {athena.name('travel', CLASSIFICATIONS)}"
    assert athena.query("travel", sql) == [{"requests": 4}]


def test_who_reads_during_a_rerun_reads_the_old_rows_to_their_end(athena: AthenaWarehouse) -> None:
    put(athena, "a.csv", ["old"] * 5_000)
    with athena.read("travel", CLASSIFICATIONS, "a.csv", ["rationale"]) as batches:
        first = next(batches)
        put(athena, "a.csv", ["new"])
        rest = [text for batch in batches for text in batch["rationale"].to_pylist()]
    assert {*first["rationale"].to_pylist(), *rest} == {"old"}
    assert reasons(athena, "a.csv") == ["new"]


def list_versions(emulator: BedrockEmulator, athena: AthenaWarehouse) -> list[str]:
    """Keys of all versions of the classifications."""
    prefix = f"{athena.location_uri.removeprefix(f's3://{BUCKET}/')}/travel_classifications/"
    return [
        found["Key"]
        for found in emulator.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    ]


def test_old_rows_stay_for_running_queries_and_go_later(
    emulator: BedrockEmulator, athena: AthenaWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(athena, "b.csv", ["another"])
    for text in ("first", "second"):
        put(athena, "a.csv", [text])
    assert len(list_versions(emulator, athena)) == 3
    monkeypatch.setattr(partition_folders, "SECONDS_FOR_READERS", -5)
    put(athena, "a.csv", ["third"])
    assert len(list_versions(emulator, athena)) == 2
    assert (reasons(athena, "a.csv"), reasons(athena, "b.csv")) == (["third"], ["another"])


def test_versions_go_when_their_successor_is_old_enough() -> None:
    written = {letter: MOMENT + datetime.timedelta(hours=place) for place, letter in enumerate("abcd")}
    later = MOMENT + datetime.timedelta(hours=3, minutes=30)
    assert outlived(written, current="d", now=later) == ["a", "b"]
    assert outlived(written, current="a", now=later) == ["b"]
    assert outlived({"a": MOMENT}, current="b", now=later) == []


def test_folders_of_files_are_plain_and_distinct() -> None:
    folders = [partition_folder(name) for name in [*AWKWARD_FILES, "a b.csv", "a_b.csv", "a/b.csv", "…"]]
    assert len(set(folders)) == len(folders)
    assert all(folder.isascii() and "/" not in folder and len(folder) < 100 for folder in folders)


def test_rows_of_another_file_are_refused(athena: AthenaWarehouse) -> None:
    with pytest.raises(ValueError, match=r"a row of 'b.csv' does not belong to the request file 'a.csv'"):
        athena.replace("travel", CLASSIFICATIONS, "a.csv", [batch_of(CLASSIFICATIONS, classified("b.csv", ["one"]))])


def test_a_key_encrypts_rows_and_results(emulator: BedrockEmulator, request: pytest.FixtureRequest) -> None:
    athena = make_athena(request, kms_key_id="alias/mine")
    put(athena, "a.csv", ["one"])
    (key,) = list_versions(emulator, athena)
    head = emulator.client("s3").head_object(Bucket=BUCKET, Key=key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/mine")
    assert reasons(athena, "a.csv") == ["one"]


# What AWS can answer, in one sentence.


def test_a_missing_bucket_is_told(emulator: BedrockEmulator) -> None:
    athena = AthenaWarehouse("s3://no-such-bucket/tables", database="test_missing_bucket")
    with pytest.raises(ClassifierError, match=r"Cannot write s3://no-such-bucket/.*the bucket does not exist"):
        put(athena, "a.csv", ["one"])
    with pytest.raises(ClassifierError, match="Unable to verify/create output bucket no-such-bucket"):
        athena.query("travel", "select 1 as one")


def test_a_name_that_glue_cannot_hold_is_told(athena: AthenaWarehouse) -> None:
    with pytest.raises(ClassifierError, match="has 1025 characters"):
        put(athena, "x" * 1025, ["one"])


def test_the_scan_limit_of_the_workgroup_is_told(emulator: BedrockEmulator, athena: AthenaWarehouse) -> None:
    put(athena, "a.csv", ["one"])
    emulator.athena.faults.scan_limit_bytes = 100
    with pytest.raises(
        ClassifierError, match=r"would read more than the workgroup primary allows \(Bytes scanned limit was exceeded\)"
    ):
        athena.query("travel", f"select row_number from {athena.name('travel', CLASSIFICATIONS)}")


def test_a_failed_query_says_why_and_a_passing_failure_is_tried_again(
    emulator: BedrockEmulator, athena: AthenaWarehouse
) -> None:
    with pytest.raises(ClassifierError, match=r"Athena could not run a query .*TABLE_NOT_FOUND"):
        athena.query("travel", "select * from nobody")
    emulator.athena.faults.failures = [QueryError("GENERIC_INTERNAL_ERROR: try again", is_retryable=True)]
    emulator.athena.faults.polls_while_running = 1
    assert athena.query("travel", "select 1 as one") == [{"one": 1}]
    emulator.athena.faults.failures = [QueryError("GENERIC_INTERNAL_ERROR: no luck", is_retryable=True)] * 3
    with pytest.raises(ClassifierError, match="no luck"):
        athena.query("travel", "select 1 as one")


def test_throttling_is_waited_out(
    emulator: BedrockEmulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the slowness that adaptive clients keep after it.
    monkeypatch.setattr(aws_clients, "RETRIES", aws_clients.RETRIES | {"mode": "standard"})
    athena = make_athena(request, session=boto3.Session())
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    emulator.athena.faults.throttled_starts = 1
    assert athena.query("travel", "select 1 as one") == [{"one": 1}]


def test_an_expired_session_is_told(emulator: BedrockEmulator, athena: AthenaWarehouse) -> None:
    emulator.athena.faults.is_token_expired = True
    with pytest.raises(ClassifierError, match="the AWS session has expired; sign in again"):
        athena.query("travel", "select 1 as one")


def test_an_interrupted_query_is_stopped(
    emulator: BedrockEmulator, athena: AthenaWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    emulator.athena.faults.polls_while_running = 100
    monkeypatch.setattr(athena_queries, "time", SimpleNamespace(sleep=interrupt))
    with pytest.raises(KeyboardInterrupt):
        athena.query("travel", "select 1 as one")
    assert emulator.athena.queries[-1].state == "CANCELLED"


def test_a_database_that_may_not_be_made_is_told(
    emulator: BedrockEmulator, athena: AthenaWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**given: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "CreateDatabase")

    monkeypatch.setattr(athena._clients.glue, "create_database", refuse)
    with pytest.raises(ClassifierError, match=r"does not exist and cannot be created .*BATCH_CLASSIFIER_GLUE_DATABASE"):
        put(athena, "a.csv", ["one"])
