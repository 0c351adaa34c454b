"""The tables and partitions in the Glue Data Catalog, where Athena, Spark and QuickSight find them."""

import random
import time
from typing import Any

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import error_code, told_plainly
from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.column import SQL_TYPES, Column
from batch_classifier.warehouse.glue_version import check_version, is_up_to_date, version_parameters
from batch_classifier.warehouse.tables import Table

ATTEMPTS = 8
LONGEST_PARTITION_VALUE = 1024
LONGEST_COMMENT = 255
# What UpdateTable takes of what GetTable gives.
_TABLE_INPUT = (
    *("Name", "Description", "Owner", "Retention"),
    *("StorageDescriptor", "PartitionKeys", "TableType", "Parameters"),
)


class GlueCatalog:
    """One database. Tables grow by new columns at their end; old partitions are read with null in them."""

    def __init__(self, clients: AwsClients, database: str) -> None:
        self._clients = clients
        self.database = database

    def ensure_table(self, name: str, table: Table, location: str) -> list[dict[str, str]]:
        """See that the table is there with all columns, and the database too; returns the columns as Glue has them.

        Raises ClassifierError when a column is there with another type, or AWS refuses.
        """
        with told_plainly(f"prepare the table {name} in the Glue database {self.database}"):
            for attempt in range(ATTEMPTS):
                columns = self._try_to_ensure(name, table, location)
                if columns is not None:
                    return columns
                # Another run is at the same; let it finish.
                time.sleep(random.uniform(0, 0.05 * 2**attempt))
        raise ClassifierError(
            f"The table {name} in the Glue database {self.database} is being changed by others; start again later."
        )

    def _try_to_ensure(self, name: str, table: Table, location: str) -> list[dict[str, str]] | None:
        from botocore.exceptions import ClientError

        try:
            found = self._find_table(name)
            if found is None:
                made = _table_input(name, table, location)
                self._clients.glue.create_table(DatabaseName=self.database, TableInput=made)
                new: list[dict[str, str]] = made["StorageDescriptor"]["Columns"]
                return new
            check_version(self.database, name, table, found)
            columns = self._grown(name, table, found["StorageDescriptor"]["Columns"])
            if len(columns) > len(found["StorageDescriptor"]["Columns"]) or not is_up_to_date(table, found):
                changed = {key: found[key] for key in _TABLE_INPUT if key in found}
                changed["Parameters"] = {**found.get("Parameters", {}), **version_parameters(table)}
                changed["StorageDescriptor"] = found["StorageDescriptor"] | {"Columns": columns}
                self._clients.glue.update_table(DatabaseName=self.database, TableInput=changed)
            return columns
        except ClientError as error:
            if error_code(error) == "EntityNotFoundException":
                self._create_database()
            elif error_code(error) not in ("AlreadyExistsException", "ConcurrentModificationException"):
                raise
        return None

    def ensure_view(self, made: dict[str, Any]) -> None:
        """See that the view is there as it should be; a table of that name is left alone. Raises ClassifierError."""
        from botocore.exceptions import ClientError

        with told_plainly(f"prepare the view {made['Name']} in the Glue database {self.database}"):
            found = self._find_table(made["Name"])
            if found is None:
                try:
                    self._clients.glue.create_table(DatabaseName=self.database, TableInput=made)
                except ClientError as error:
                    if error_code(error) != "AlreadyExistsException":
                        raise
            elif found.get("TableType") != "VIRTUAL_VIEW":
                raise ClassifierError(f"{self.database}.{made['Name']} is a table; the view of that name is not made.")
            elif found.get("ViewOriginalText") != made["ViewOriginalText"]:
                self._clients.glue.update_table(DatabaseName=self.database, TableInput=made)

    def prompts_with(self, table: str) -> list[str]:
        """The prompts that have a table of this name; none where there is no database."""
        from botocore.exceptions import ClientError

        with told_plainly(f"list the tables of the Glue database {self.database}"):
            pages = self._clients.glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
            try:
                names = [found["Name"] for page in pages for found in page["TableList"]]
            except ClientError as error:
                if error_code(error) == "EntityNotFoundException":
                    return []
                raise
        return sorted(name.removesuffix(f"_{table}") for name in names if name.endswith(f"_{table}"))

    def _find_table(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        try:
            table: dict[str, Any] = self._clients.glue.get_table(DatabaseName=self.database, Name=name)["Table"]
            return table
        except ClientError as error:
            if error_code(error) == "EntityNotFoundException":
                return None
            raise

    def _create_database(self) -> None:
        from botocore.exceptions import ClientError

        described = {"Name": self.database, "Description": "Classified texts, written by Batch Classifier"}
        try:
            self._clients.glue.create_database(DatabaseInput=described)
        except ClientError as error:
            if error_code(error) != "AlreadyExistsException":
                raise ClassifierError(
                    f"The Glue database {self.database} does not exist and cannot be created ({error}); "
                    "create it, or set BATCH_CLASSIFIER_GLUE_DATABASE."
                ) from error

    def _grown(self, name: str, table: Table, columns: list[dict[str, str]]) -> list[dict[str, str]]:
        kinds = {column["Name"]: column["Type"] for column in columns}
        new = []
        for column in glue_columns(table):
            kind = kinds.get(column["Name"])
            if kind is None:
                new.append(column)
            elif kind != column["Type"]:
                raise ClassifierError(
                    f"The column {column['Name']} of {self.database}.{name} is {kind} in Glue, and should be "
                    f"{column['Type']}; rename or drop that table, or set another BATCH_CLASSIFIER_GLUE_DATABASE."
                )
        # At the end, in tables and so in later partitions: Athena compares a partition's columns with the table's.
        return [*columns, *new]

    def partitions(self, name: str) -> list[str]:
        """The values of a table's partitions; none where there is no such table."""
        from botocore.exceptions import ClientError

        with told_plainly(f"list the partitions of {self.database}.{name}"):
            pages = self._clients.glue.get_paginator("get_partitions").paginate(
                DatabaseName=self.database, TableName=name
            )
            try:
                return [found["Values"][0] for page in pages for found in page["Partitions"]]
            except ClientError as error:
                if error_code(error) == "EntityNotFoundException":
                    return []
                raise

    def find_partition(self, name: str, request_file: str) -> str | None:
        """The S3 folder that holds the request file's rows now, or None."""
        from botocore.exceptions import ClientError

        with told_plainly(f"look up the partition {request_file} of {self.database}.{name}"):
            try:
                found = self._clients.glue.get_partition(
                    DatabaseName=self.database, TableName=name, PartitionValues=[request_file]
                )
            except ClientError as error:
                if error_code(error) == "EntityNotFoundException":
                    return None
                raise
        return str(found["Partition"]["StorageDescriptor"]["Location"])

    def point_partition(
        self, name: str, request_file: str, location: str, columns: list[dict[str, str]], rows: int
    ) -> None:
        """Let the partition mean this folder from now on, in one call; makes the partition where there is none."""
        from botocore.exceptions import ClientError

        partition = {
            "Values": [request_file],
            "StorageDescriptor": _storage(location, columns),
            "Parameters": {"recordCount": str(rows), "classification": "parquet"},
        }
        new = {"DatabaseName": self.database, "TableName": name, "PartitionInput": partition}
        with told_plainly(f"publish the partition {request_file} of {self.database}.{name}"):
            try:
                self._clients.glue.update_partition(**new, PartitionValueList=[request_file])
                return
            except ClientError as error:
                if error_code(error) != "EntityNotFoundException":
                    raise
            try:
                self._clients.glue.create_partition(**new)
            except ClientError as error:
                if error_code(error) != "AlreadyExistsException":
                    raise
                # Another run was quicker; the last one to come wins.
                self._clients.glue.update_partition(**new, PartitionValueList=[request_file])


def glue_columns(table: Table) -> list[dict[str, str]]:
    """The table's columns as Glue describes them, without the partition's."""
    return [_column(column) for column in table.columns if column.name != table.partition_column]


def _column(column: Column) -> dict[str, str]:
    described = column.description[:LONGEST_COMMENT]
    return {"Name": column.name, "Type": SQL_TYPES[column.type].glue, "Comment": described}


def _table_input(name: str, table: Table, location: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Description": table.description,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [_column(table.column(table.partition_column))],
        "Parameters": {
            "classification": "parquet",
            "EXTERNAL": "TRUE",
            "parquet.compression": "ZSTD",
            **version_parameters(table),
        },
        "StorageDescriptor": _storage(location, glue_columns(table)),
    }


def _storage(location: str, columns: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "Location": location,
        "Columns": columns,
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    }
