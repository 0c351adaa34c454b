"""The Glue tables that a query names, read as Athena reads them: each partition at its location, columns by name."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from moto.core.exceptions import JsonRESTError
from moto.glue.models import FakeTable, GlueBackend, glue_backends
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from batch_classifier_tests.emulators.athena_sql import QueryFailed

# Glue's types, in Arrow for reading and in SQL for checking. Athena's timestamps hold milliseconds and no zone.
_TYPES: dict[str, tuple[pa.DataType, str]] = {
    "string": (pa.string(), "varchar"),
    "bigint": (pa.int64(), "bigint"),
    "int": (pa.int32(), "integer"),
    "double": (pa.float64(), "double"),
    "boolean": (pa.bool_(), "boolean"),
    "date": (pa.date32(), "date"),
    "timestamp": (pa.timestamp("ms"), "timestamp"),
}
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@dataclass(frozen=True)
class ReadTable:
    """A table's rows; `column_types` in Athena's SQL, the partition columns last."""

    database: str
    name: str
    column_types: dict[str, str]
    rows: pa.Table
    scanned_bytes: int


class GlueTables:
    """The tables of one account and Region."""

    def __init__(self, account: str, region: str, s3: Any) -> None:
        self._glue: GlueBackend = glue_backends[account][region]
        self._s3 = s3

    def read_those_of(self, tree: exp.Expr, database: str | None) -> list[ReadTable]:
        """Every table that the query names, once; raises QueryFailed for one that is not there."""
        names: dict[tuple[str, str], None] = {}
        for scope in traverse_scope(tree):
            for source in scope.sources.values():
                if isinstance(source, exp.Table):
                    names[((source.db or database or "default").lower(), source.name.lower())] = None
        return [self._read(in_database, name) for in_database, name in names]

    def _read(self, database: str, name: str) -> ReadTable:
        found = self._find(database, name)
        description = found.as_dict()
        storage = description["StorageDescriptor"]
        if storage["SerdeInfo"]["SerializationLibrary"] != PARQUET:
            raise QueryFailed(f"the emulator reads Parquet tables only, and {database}.{name} is none")
        keys = description.get("PartitionKeys", [])
        schema = pa.schema([(column["Name"], _TYPES[column["Type"]][0]) for column in [*storage["Columns"], *keys]])
        pieces, scanned = [schema.empty_table()], 0
        for values, location in self._locations(found, storage, keys):
            for body in self._bodies(location):
                scanned += len(body)
                pieces.append(_read_file(body, schema, dict(zip([key["Name"] for key in keys], values, strict=True))))
        types = {column["Name"]: _TYPES[column["Type"]][1] for column in [*storage["Columns"], *keys]}
        return ReadTable(database, name, types, pa.concat_tables(pieces), scanned)

    def _find(self, database: str, name: str) -> FakeTable:
        try:
            self._glue.get_database(database)
        except JsonRESTError as error:
            raise QueryFailed(f"SCHEMA_NOT_FOUND: line 1:1: Schema '{database}' does not exist") from error
        try:
            return self._glue.get_table(database, name)
        except JsonRESTError as error:
            raise QueryFailed(
                f"TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.{database}.{name}' does not exist"
            ) from error

    def _locations(self, table: FakeTable, storage: dict, keys: list[dict]) -> Iterator[tuple[list[str], str]]:
        if not keys:
            yield [], storage["Location"]
            return
        for partition in list(table.partitions.values()):
            _check_partition_schema(partition.partition_input["StorageDescriptor"]["Columns"], storage["Columns"])
            yield partition.values, partition.partition_input["StorageDescriptor"]["Location"]

    def _bodies(self, location: str) -> Iterator[bytes]:
        address = urlsplit(location)
        prefix = address.path.lstrip("/").rstrip("/") + "/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=address.netloc, Prefix=prefix)
        for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
            # As Athena does, files with these beginnings are passed over.
            if not key.rpartition("/")[2].startswith((".", "_")):
                yield self._s3.get_object(Bucket=address.netloc, Key=key)["Body"].read()


def _check_partition_schema(partition: list[dict], table: list[dict]) -> None:
    types = {column["Name"]: column["Type"] for column in table}
    for column in partition:
        if types.get(column["Name"], column["Type"]) != column["Type"]:
            raise QueryFailed(
                f"HIVE_PARTITION_SCHEMA_MISMATCH: the column '{column['Name']}' is {types[column['Name']]} in the "
                f"table and {column['Type']} in a partition"
            )


def _read_file(body: bytes, schema: pa.Schema, values: dict[str, str]) -> pa.Table:
    import pyarrow.parquet

    try:
        inside = pyarrow.parquet.read_table(io.BytesIO(body))
    except pa.ArrowInvalid as error:
        raise QueryFailed(f"HIVE_BAD_DATA: {error}") from error
    columns = []
    for column in schema:
        if column.name in values:
            columns.append(pa.repeat(pa.scalar(values[column.name], column.type), inside.num_rows))
        elif column.name in inside.column_names:
            columns.append(_as_declared(inside[column.name], column))
        else:
            columns.append(pa.nulls(inside.num_rows, column.type))
    return pa.table(columns, schema=schema)


def _as_declared(values: pa.ChunkedArray, column: pa.Field) -> pa.ChunkedArray:
    fits = values.type == column.type or (pa.types.is_timestamp(values.type) and pa.types.is_timestamp(column.type))
    if not fits:
        raise QueryFailed(
            f"HIVE_BAD_DATA: Field {column.name}'s type {values.type} in parquet file does not fit {column.type}"
        )
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        values = values.cast(pa.timestamp(values.type.unit, tz="UTC")).cast(pa.timestamp(values.type.unit))
    return values.cast(column.type, safe=False)
