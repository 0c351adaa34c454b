"""Which version a warehouse's tables are of, and what is to be done with tables of another one.

A warehouse notes the number of the version and the columns that its tables had when they were last brought up to date. A new
column in `tables.py` needs no new number: it is added to the tables that are there. What changes otherwise, such as a column's
name, type or meaning, is a new number here and a migration in `duckdb_version.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from batch_classifier.warehouse.tables import TABLES

# Version 0 are the tables from before versions were noted.
VERSION = 1

# The columns of each table.
Columns = Mapping[str, list[str]]


@dataclass(frozen=True)
class Noted:
    """What a warehouse notes of itself."""

    version: int
    columns: Columns


def current() -> Noted:
    """What a warehouse of this version notes."""
    return Noted(VERSION, {table.name: table.schema.names for table in TABLES})


def is_newer(noted: Noted) -> bool:
    """Whether the tables were written by a later version of this program: it would not fill, or not know, what they have."""
    known = current().columns
    unknown = [
        column for table, columns in noted.columns.items() for column in columns if column not in known.get(table, ())
    ]
    return noted.version > VERSION or (noted.version == VERSION and bool(unknown))


def is_older(noted: Noted) -> bool:
    """Whether the tables have to be brought up to date."""
    return noted.version < VERSION or noted.columns != current().columns


def refusal_of_newer(place: str, noted: Noted, setting: str) -> str:
    """What is said of tables that are newer."""
    return (
        f"The tables in {place} are of a newer version of Batch Classifier (version {noted.version} of the tables; this one knows "
        f"{VERSION}); install that version, or set another {setting}."
    )
