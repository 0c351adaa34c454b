"""The views for people, in both warehouses: each record's newest row, and the count by day and class."""

import base64
import datetime
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from batch_classifier.answers.costs import By, Costs, costs
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier.warehouse.views import VIEWS
from batch_classifier_tests.emulators.server import BedrockEmulator

MONDAY = datetime.datetime(2026, 5, 4, 23, 30, tzinfo=datetime.UTC)
TUESDAY = MONDAY + datetime.timedelta(hours=1)


def rows(
    request_file: str, *content: tuple[str, str | None, datetime.datetime | None], scope: str | None = None
) -> list[pa.RecordBatch]:
    """Classifications with these record ids, classes and times."""
    fixed = {"request_file": request_file, "record_scope": scope}
    made = [
        {**fixed, "row_number": number, "record_id": record_id, "class": name, "answered_at": at}
        for number, (record_id, name, at) in enumerate(content, 1)
    ]
    return [pa.RecordBatch.from_pylist(made, schema=CLASSIFICATIONS.schema)]


FILES: dict[str, list[tuple[str, str | None, datetime.datetime | None]]] = {
    "a.csv": [("R1", "Billing", MONDAY), ("R2", "Travel", MONDAY), ("R3", None, None)],
    "b.csv": [("R1", "Travel", TUESDAY), ("R4", "Travel", MONDAY), ("R4", "Other", MONDAY)],
}


def fill(warehouse: Warehouse) -> None:
    for request_file, content in FILES.items():
        warehouse.replace("tickets", CLASSIFICATIONS, request_file, rows(request_file, *content))


@pytest.fixture
def duckdb_warehouse(tmp_path: Path) -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    fill(warehouse)
    return warehouse


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[AthenaWarehouse, BedrockEmulator]]:
    with BedrockEmulator() as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        emulator.create_buckets("internal")
        yield AthenaWarehouse("s3://internal/tables"), emulator


def stored_view(emulator: BedrockEmulator, name: str) -> dict[str, Any]:
    """The definition of a view, as Athena reads it from the Glue catalog."""
    table = emulator.client("glue").get_table(DatabaseName="batch_classifier", Name=name)["Table"]
    assert table["TableType"] == "VIRTUAL_VIEW" and table["Parameters"]["presto_view"] == "true"
    found = re.fullmatch(r"/\* Presto View: (.*) \*/", table["ViewOriginalText"])
    assert found
    definition = json.loads(base64.b64decode(found[1]))
    assert [column["name"] for column in definition["columns"]] == [
        column["Name"] for column in table["StorageDescriptor"]["Columns"]
    ]
    return dict(definition)


LATEST = [("R1", "b.csv", "Travel"), ("R2", "a.csv", "Travel"), ("R3", "a.csv", None), ("R4", "b.csv", "Other")]
DAILY = [
    ("2026-05-04", "Billing", 1),
    ("2026-05-04", "Other", 1),
    ("2026-05-04", "Travel", 2),
    ("2026-05-05", "Travel", 1),
]


def answers(warehouse: Warehouse, latest: str, daily: str) -> tuple[list, list]:
    """What the two views say, in an order."""
    newest = warehouse.query("tickets", f'select record_id, request_file, "class" from {latest} order by 1')
    days = warehouse.query(
        "tickets", f'select cast("date" as varchar) as "day", "class", requests from {daily} order by 1, 2'
    )
    return [tuple(row.values()) for row in newest], [tuple(row.values()) for row in days]


def test_the_views_in_duckdb(duckdb_warehouse: DuckDBWarehouse) -> None:
    found = answers(duckdb_warehouse, "tickets.latest_classifications", "tickets.daily_categories")
    assert found == (LATEST, DAILY)


# By scope: what the newest rows of R1 and 2, that stand in two files, are.
SCOPES = {
    "per_row": [("2", "a.csv"), ("2", "b.csv"), ("R1", "a.csv"), ("R1", "b.csv")],
    "per_file": [("2", "a.csv"), ("2", "b.csv"), ("R1", "a.csv"), ("R1", "b.csv")],
    "global": [("2", "b.csv"), ("R1", "b.csv")],
    # From before there were scopes: what numbers the rows is no id, and any other holds everywhere, as it did.
    None: [("2", "a.csv"), ("2", "b.csv"), ("R1", "b.csv")],
}


def records(warehouse: Warehouse, latest: str) -> list[tuple[str, str]]:
    sql = f"select record_id, request_file from {latest} order by record_id, request_file"
    return [(row["record_id"], row["request_file"]) for row in warehouse.query("tickets", sql)]


def fill_scoped(warehouse: Warehouse, scope: str | None) -> None:
    for request_file, moment in (("a.csv", MONDAY), ("b.csv", TUESDAY)):
        content = (("R1", "Billing", moment), ("2", "Travel", moment))
        warehouse.replace("tickets", CLASSIFICATIONS, request_file, rows(request_file, *content, scope=scope))


@pytest.mark.parametrize("scope", SCOPES)
def test_what_supersedes_a_row_in_duckdb(tmp_path: Path, scope: str | None) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    fill_scoped(warehouse, scope)
    assert records(warehouse, "tickets.latest_classifications") == SCOPES[scope]


def test_what_supersedes_a_row_in_athena(athena: tuple[AthenaWarehouse, BedrockEmulator]) -> None:
    warehouse, emulator = athena
    for scope, expected in SCOPES.items():
        fill_scoped(warehouse, scope)
        latest = stored_view(emulator, "tickets_latest_classifications")["originalSql"]
        assert records(warehouse, f"({latest})") == expected, scope


DATED: list[dict[str, Any]] = [
    {"record_id": "A", "text_date": datetime.date(2023, 1, 2)},
    {"record_id": "B", "text_date": datetime.date(2023, 1, 2)},
    {"record_id": "C", "date_problem": "has no date"},
    {"record_id": "D"},
]
BY_DAY = [("2023-01-02", "Travel", 2), ("2026-05-04", "Travel", 1), (None, "Travel", 1)]


def fill_dated(warehouse: Warehouse) -> None:
    fixed = {"request_file": "dated.csv", "class": "Travel", "answered_at": MONDAY}
    made = [{**fixed, **row, "row_number": number} for number, row in enumerate(DATED, 1)]
    warehouse.replace(
        "tickets", CLASSIFICATIONS, "dated.csv", [pa.RecordBatch.from_pylist(made, schema=CLASSIFICATIONS.schema)]
    )


def test_the_texts_own_day_counts_in_duckdb(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    fill_dated(warehouse)
    assert answers(warehouse, "tickets.latest_classifications", "tickets.daily_categories")[1] == BY_DAY


def test_the_texts_own_day_counts_in_athena(athena: tuple[AthenaWarehouse, BedrockEmulator]) -> None:
    warehouse, emulator = athena
    fill_dated(warehouse)
    latest, daily = (f"({stored_view(emulator, f'tickets_{view.name}')['originalSql']})" for view in VIEWS[:2])
    assert sorted(answers(warehouse, latest, daily)[1], key=str) == sorted(BY_DAY, key=str)


def test_a_view_of_an_older_definition_is_made_anew(duckdb_warehouse: DuckDBWarehouse) -> None:
    with duckdb_warehouse.connect() as connection:
        columns = ", ".join(f'"{name}"' for name in CLASSIFICATIONS.schema.names)
        connection.execute(
            f"create or replace view tickets.latest_classifications as select {columns} from tickets.classifications"
        )
    assert answers(duckdb_warehouse, "tickets.latest_classifications", "tickets.daily_categories")[0] == LATEST


def test_a_day_is_one_of_utc_whatever_the_time_zone(duckdb_warehouse: DuckDBWarehouse) -> None:
    with duckdb_warehouse.connect("tickets") as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        days = connection.execute('select distinct cast("date" as varchar) from tickets.daily_categories order by 1')
        assert days.fetchall() == [("2026-05-04",), ("2026-05-05",)]


def test_a_database_from_before_the_views_gets_them_and_new_columns_come_in(duckdb_warehouse: DuckDBWarehouse) -> None:
    with duckdb_warehouse.connect() as connection:
        for view in VIEWS:
            connection.execute(f"drop view tickets.{view.name}")
        connection.execute("alter table tickets.classifications drop column confidence")
        # In those days nothing was noted of the tables' version; in a table that notes it, a missing column was altered.
        connection.execute("drop table main.warehouse_version")
        connection.execute(
            "create view tickets.latest_classifications as select record_id from tickets.classifications"
        )
    found = duckdb_warehouse.query("tickets", "select confidence from tickets.latest_classifications")
    assert found == [{"confidence": None}] * 4
    assert duckdb_warehouse.query("tickets", "select count(*) as days from tickets.daily_categories") == [{"days": 4}]


def test_a_table_of_a_views_name_is_left_alone_and_fails_nothing(
    duckdb_warehouse: DuckDBWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    with duckdb_warehouse.connect() as connection:
        connection.execute("drop view tickets.daily_categories")
        connection.execute("create table tickets.daily_categories (mine varchar)")
    with caplog.at_level(logging.WARNING):
        fill(duckdb_warehouse)
    assert "tickets.daily_categories cannot be made" in caplog.text
    assert duckdb_warehouse.query("tickets", "select * from tickets.daily_categories") == []


def test_the_views_in_the_glue_catalog(athena: tuple[AthenaWarehouse, BedrockEmulator]) -> None:
    """Their SQL is put to the emulator as it stands in the catalog, because it knows no views."""
    warehouse, emulator = athena
    fill(warehouse)
    definitions = [stored_view(emulator, f"tickets_{view.name}") for view in VIEWS]
    assert [definition["schema"] for definition in definitions] == ["batch_classifier"] * len(VIEWS)
    latest, daily, *of_costs = [f"({definition['originalSql']})" for definition in definitions]
    assert costs(warehouse, ["tickets"], By.MONTH).total == Costs("total"), "nothing was charged for"
    assert not any(row["cost_usd"] for view in of_costs for row in warehouse.query("tickets", f"select * from {view}"))
    assert answers(warehouse, latest, daily) == (LATEST, DAILY)
    assert {column["type"] for column in definitions[1]["columns"]} == {"date", "varchar", "bigint"}


def test_a_view_that_has_changed_is_made_anew(athena: tuple[AthenaWarehouse, BedrockEmulator]) -> None:
    warehouse, emulator = athena
    fill(warehouse)
    glue = emulator.client("glue")
    table = glue.get_table(DatabaseName="batch_classifier", Name="tickets_daily_categories")["Table"]
    old = {key: table[key] for key in ("Name", "TableType", "StorageDescriptor", "Parameters")}
    glue.update_table(DatabaseName="batch_classifier", TableInput={**old, "ViewOriginalText": "/* Presto View: old */"})
    fill(AthenaWarehouse("s3://internal/tables"))
    assert "requests" in stored_view(emulator, "tickets_daily_categories")["originalSql"]


def test_no_run_fails_for_a_view(
    athena: tuple[AthenaWarehouse, BedrockEmulator], caplog: pytest.LogCaptureFixture
) -> None:
    warehouse, emulator = athena
    glue = emulator.client("glue")
    glue.create_database(DatabaseInput={"Name": "batch_classifier"})
    glue.create_table(DatabaseName="batch_classifier", TableInput={"Name": "tickets_daily_categories"})
    with caplog.at_level(logging.WARNING):
        fill(warehouse)
    assert "tickets_daily_categories is a table" in caplog.text
    assert warehouse.query("tickets", "select count(*) as n from batch_classifier.tickets_classifications") == [
        {"n": 6}
    ]
