"""Views for people: each record's newest classification, requests by class and day, and what was spent and spared."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from batch_classifier.warehouse import costs
from batch_classifier.warehouse.column import DAY, SQL_TYPES, TEXT, WHOLE_NUMBER
from batch_classifier.warehouse.corrections import HOLDING_CLASS, MODEL_CLASS, MODEL_CLASS_WHERE_CORRECTED, holding
from batch_classifier.warehouse.dialect import ATHENA, DUCKDB
from batch_classifier.warehouse.record_scope import record_in_sql
from batch_classifier.warehouse.tables import BILL, CLASSIFICATIONS, CORRECTIONS


class Names(NamedTuple):
    """What a view is made of: the names of tables, and the day of an answer, in SQL."""

    classifications: str
    corrections: str
    bill: str
    day_of_answer: str


@dataclass(frozen=True)
class View:
    """A view on a prompt's tables.

    Attributes:
        sql: makes its SELECT.
    """

    name: str
    description: str
    schema: pa.Schema
    sql: Callable[[Names], str]


def _latest(names: Names) -> str:
    columns = ", ".join(
        f'{HOLDING_CLASS} as "class"' if name == "class" else f'answered."{name}"'
        for name in CLASSIFICATIONS.schema.names
    )
    return f"""
        select {columns}, {MODEL_CLASS_WHERE_CORRECTED} as model_class, held.who as corrected_by
        from (
            select *, row_number() over (
                partition by {record_in_sql()} order by answered_at desc nulls last, request_file desc, row_number desc
            ) as place
            from {names.classifications}
        ) as answered left join ({holding(names.corrections)}) as held on answered.text_id = held.text_id
        where answered.place = 1
    """


def _daily(names: Names) -> str:
    # A text that should have a date of its own and has none is of no known day, and not of the day of its answer.
    day = f"case when date_problem is null then coalesce(text_date, {names.day_of_answer}) end"
    return f"""
        select {day} as "date", {HOLDING_CLASS} as "class", count(*) as requests
        from {names.classifications} as answered
        left join ({holding(names.corrections)}) as held on answered.text_id = held.text_id
        where answered_at is not null
        group by {day}, {HOLDING_CLASS}
    """


LATEST_CLASSIFICATIONS = View(
    "latest_classifications",
    "Each record's newest classification, whichever request files it stood in; record_scope says what makes two rows one record.",
    CLASSIFICATIONS.schema.append(MODEL_CLASS.arrow_field).append(pa.field("corrected_by", TEXT)),
    _latest,
)
DAILY_CATEGORIES = View(
    "daily_categories",
    "Requests by day (the text's own, where the prompt names its column, else the day of the answer in UTC) and by class, the corrected one where there is a correction.",
    pa.schema([("date", DAY), ("class", TEXT), ("requests", WHOLE_NUMBER)]),
    _daily,
)
COSTS_BY_MONTH = View(
    "costs_by_month",
    "What was spent in each month (UTC), by model and way, and what batches and several texts a record saved.",
    costs.BY_MONTH,
    lambda names: costs.by_month(names.bill),
)
COSTS_BY_FILE = View(
    "costs_by_file",
    "What was spent for each request file, and what each way of saving saved.",
    costs.BY_FILE,
    lambda names: costs.by_file(names.classifications, names.corrections, names.bill),
)
COSTS_BY_CATEGORY = View(
    "costs_by_category",
    "What the rows of each class took and saved; what no row has, as unreadable answers, is in the table bill alone.",
    costs.BY_CATEGORY,
    lambda names: costs.by_category(names.classifications, names.corrections, names.bill),
)
VIEWS = (LATEST_CLASSIFICATIONS, DAILY_CATEGORIES, COSTS_BY_MONTH, COSTS_BY_FILE, COSTS_BY_CATEGORY)
_TABLES = (CLASSIFICATIONS, CORRECTIONS, BILL)


def duckdb_view(view: View, prompt: str) -> str:
    """The statements that make a view in DuckDB, whose times have a zone, and note which definition it was made by."""
    answered, said, bill = (f"{prompt}.{table.name}" for table in _TABLES)
    select = view.sql(Names(answered, said, bill, DUCKDB.day("answered_at")))
    name = f"{prompt}.{view.name}"
    return f"create or replace view {name} as {select}; comment on view {name} is '{definition_mark(view)}'"


def definition_mark(view: View) -> str:
    """What changes with the definition of a view in DuckDB; it is the comment of the view that was made by it."""
    return hashlib.sha256(view.sql(Names("classifications", "corrections", "bill", "day")).encode()).hexdigest()[:16]


def glue_view(view: View, database: str, prompt: str) -> dict[str, Any]:
    """The view as Athena itself keeps it in the Glue catalog; to put it there needs no query, and no more permissions."""
    answered, said, bill = (f'"{database}"."{prompt}_{table.name}"' for table in _TABLES)
    select = view.sql(Names(answered, said, bill, ATHENA.day("answered_at")))
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
