"""The version of a table in the Glue catalog: two of its parameters, the number and the columns that it had.

A change of a table is one call, which AWS does whole or not at all, and Glue keeps the definition as it was among the table's
versions (`get_table_versions`). The rows are in files that no such change touches; so there is nothing else to copy.
"""

from collections.abc import Mapping
from typing import Any

from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.schema_version import VERSION, Noted, is_newer, refusal_of_newer
from batch_classifier.warehouse.tables import Table

_VERSION, _COLUMNS = "batch_classifier.version", "batch_classifier.columns"


def version_parameters(table: Table) -> dict[str, str]:
    """What a table of this version notes of itself."""
    names = [name for name in table.schema.names if name != table.partition_column]
    return {_VERSION: str(VERSION), _COLUMNS: ",".join(names)}


def is_up_to_date(table: Table, found: Mapping[str, Any]) -> bool:
    """Whether a table in the catalog notes this version."""
    parameters = found.get("Parameters", {})
    return all(parameters.get(name) == value for name, value in version_parameters(table).items())


def check_version(database: str, name: str, table: Table, found: Mapping[str, Any]) -> None:
    """Raise ClassifierError for a table that is newer, or that has lost a column since its version was noted."""
    parameters = found.get("Parameters", {})
    if _VERSION not in parameters:
        return
    columns = [column for column in parameters.get(_COLUMNS, "").split(",") if column]
    noted = Noted(int(parameters[_VERSION]), {table.name: columns})
    if is_newer(noted):
        raise ClassifierError(refusal_of_newer(f"{database}.{name}", noted, "BATCH_CLASSIFIER_GLUE_DATABASE"))
    there = {column["Name"] for column in found["StorageDescriptor"]["Columns"]}
    if gone := [column for column in columns if column not in there]:
        raise ClassifierError(
            f"The table {database}.{name} was altered by somebody: it has no column {gone[0]} any more; put back an earlier version "
            "of the table in the Glue catalog, or drop the table and materialize its files again."
        )
