"""Views for people: each record's newest classification, and how many requests came to each class on each day."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from batch_classifier.warehouse.column import DAY, SQL_TYPES, TEXT, WHOLE_NUMBER
from batch_classifier.warehouse.record_scope import record_in_sql
from batch_classifier.warehouse.tables import CLASSIFICATIONS


@dataclass(frozen=True)
class View:
    """A view on a prompt's classifications; `sql` makes its SELECT from that table's name and the day of an answer in SQL."""

    name: str
    description: str
    schema: pa.Schema
    sql: Callable[[str, str], str]


def _latest(classifications: str, _day: str) -> str:
    columns = ", ".join(f'"{name}"' for name in CLASSIFICATIONS.schema.names)
    return f"""
        select {columns} from (
            select *, row_number() over (
                partition by {record_in_sql()} order by answered_at desc nulls last, request_file desc, row_number desc
            ) as place
            from {classifications}
        ) as ranked
        where place = 1
    """


def _daily(classifications: str, day: str) -> str:
    return f"""
        select {day} as "date", "class", count(*) as requests
        from {classifications}
        where answered_at is not null
        group by {day}, "class"
    """


LATEST_CLASSIFICATIONS = View(
    "latest_classifications",
    "Each record's newest classification, whichever request files it stood in; record_scope says what makes two rows one record.",
    CLASSIFICATIONS.schema,
    _latest,
)
DAILY_CATEGORIES = View(
    "daily_categories",
    "Requests by the day (UTC) of their answer and by class.",
    pa.schema([("date", DAY), ("class", TEXT), ("requests", WHOLE_NUMBER)]),
    _daily,
)
VIEWS = (LATEST_CLASSIFICATIONS, DAILY_CATEGORIES)


def duckdb_view(view: View, prompt: str) -> str:
    """The statements that make a view in DuckDB, whose times have a zone, and note which definition it was made by."""
    select = view.sql(f"{prompt}.{CLASSIFICATIONS.name}", "cast(answered_at at time zone 'UTC' as date)")
    name = f"{prompt}.{view.name}"
    return f"create or replace view {name} as {select}; comment on view {name} is '{definition_mark(view)}'"


def definition_mark(view: View) -> str:
    """What changes with the definition of a view in DuckDB; it is the comment of the view that was made by it."""
    return hashlib.sha256(view.sql("classifications", "day").encode()).hexdigest()[:16]


def glue_view(view: View, database: str, prompt: str) -> dict[str, Any]:
    """The view as Athena itself keeps it in the Glue catalog; to put it there needs no query, and no more permissions."""
    select = view.sql(f'"{database}"."{prompt}_{CLASSIFICATIONS.name}"', "cast(answered_at as date)")
    definition = {
        "originalSql": " ".join(select.split()),
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": column.name, "type": SQL_TYPES[column.type].athena} for column in view.schema],
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    return {
        "Name": f"{prompt}_{view.name}",
        "Description": view.description,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {
            "Location": "",
            "Columns": [{"Name": column.name, "Type": SQL_TYPES[column.type].glue} for column in view.schema],
            "SerdeInfo": {},
        },
    }
