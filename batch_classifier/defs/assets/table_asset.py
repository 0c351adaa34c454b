"""What all assets of a prompt have in common, as Dagster's decorator takes it."""

from typing import Any

from batch_classifier.defs.assets.descriptions import described
from batch_classifier.defs.metadata import column_schema
from batch_classifier.defs.names import asset_key, partitions_of
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.tables import PARTITION_COLUMN, Table

OWNERS = ["team:data-platform"]


def prompt_asset(prompt: Prompt, name: str, description: str, kinds: set[str]) -> dict[str, Any]:
    """Key, partitions, group, version and description of an asset of a prompt."""
    return {
        "key": asset_key(prompt.name, name),
        "partitions_def": partitions_of(prompt.name),
        "group_name": prompt.name,
        "code_version": prompt.version,
        "description": described(name, description),
        "owners": OWNERS,
        "kinds": kinds,
    }


def table_asset(prompt: Prompt, table: Table, kinds: set[str]) -> dict[str, Any]:
    """The same for an asset that is a table in the warehouse, with its columns."""
    return {
        **prompt_asset(prompt, table.name, table.description, kinds),
        "metadata": {"partition_expr": PARTITION_COLUMN, "dagster/column_schema": column_schema(table)},
    }
