"""The version of a DuckDB file's tables: noted in `main.warehouse_version`; an older file is copied, then migrated in one transaction."""

import datetime
import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import duckdb

from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.column import SQL_TYPES, Column
from batch_classifier.warehouse.duckdb_forgetting import copy_file
from batch_classifier.warehouse.schema_version import VERSION, Noted, current, is_newer, is_older, refusal_of_newer
from batch_classifier.warehouse.tables import TABLES

_LOGGER = logging.getLogger(__name__)

# From each version to the next: what is done to the tables of one prompt, before columns that are new are added to them.
# Version 0 becomes 1 by nothing else.
Migration = Callable[[duckdb.DuckDBPyConnection, str], None]
MIGRATIONS: dict[int, Migration] = {0: lambda _connection, _prompt: None}

_NOTE = "main.warehouse_version"
# By schema and table: the type of each column.
Found = dict[str, dict[str, dict[str, str]]]
_TURN = threading.Lock()


def ensure_tables(connection: duckdb.DuckDBPyConnection, path: Path, prompt: str) -> None:
    """See that a prompt's tables are there as they should be.

    Raises ClassifierError for a file that is newer or was altered, and when it cannot be copied before it is migrated; then
    nothing has changed.
    """
    with _TURN:
        if are_tables_ready(connection, path, prompt):
            return
        noted, found = _noted(connection), _found(connection, prompt)
        if noted is None or is_older(noted):
            noted = _bring_up_to_date(connection, path, noted)
            found = _found(connection, prompt)
        _check_columns(path, prompt, found.get(prompt, {}), noted)
        for table in TABLES:
            if table.name not in found.get(prompt, {}):
                _add_tables(connection, prompt)
                return


def are_tables_ready(connection: duckdb.DuckDBPyConnection, path: Path, prompt: str) -> bool:
    """Whether a prompt's tables are there and of this version; raises ClassifierError where they are newer."""
    noted = _noted(connection)
    if noted is not None and is_newer(noted):
        raise ClassifierError(refusal_of_newer(str(path), noted, "BATCH_CLASSIFIER_HOME"))
    return noted is not None and not is_older(noted) and _is_complete(_found(connection, prompt).get(prompt, {}))


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path, noted: Noted | None) -> Noted:
    found = _found(connection, None)
    old = noted or Noted(0, {})
    for prompt, tables in found.items():
        _check_columns(path, prompt, tables, old)
    copy = _copy(connection, path) if found else None
    connection.execute("begin")
    try:
        for prompt in found:
            for version in range(old.version, VERSION):
                MIGRATIONS[version](connection, prompt)
            _add_tables(connection, prompt)
        for prompt, tables in _found(connection, None).items():
            _check_columns(path, prompt, tables, current())
        _note(connection)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        if copy is not None:
            # Nothing has changed: the file itself is as it was.
            copy.unlink(missing_ok=True)
        raise
    if copy is not None:
        _LOGGER.warning("The tables in %s were brought up to date (version %d); as they were: %s.", path, VERSION, copy)
    return current()


def _copy(connection: duckdb.DuckDBPyConnection, path: Path) -> Path:
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = path.with_name(f"{path.stem}-before-version-{VERSION}-{moment}{path.suffix}")
    try:
        copy_file(connection, copy)
        shutil.copymode(path, copy)
    except (duckdb.Error, OSError) as error:
        words = str(error).splitlines()[0].rstrip(".!")
        raise ClassifierError(
            f"{path} is of an older version and cannot be copied before it is brought up to date: {words}; make room for a second "
            f"file of its size beside it, and start again."
        ) from error
    return copy


def _check_columns(path: Path, prompt: str, tables: dict[str, dict[str, str]], noted: Noted) -> None:
    """Raise ClassifierError where a column that was there is gone, or has another type. Columns of somebody's own may stay."""
    for table in TABLES:
        there = tables.get(table.name)
        if there is None:
            continue
        for name in noted.columns.get(table.name, []):
            if name not in there:
                raise ClassifierError(_altered(path, f"{prompt}.{table.name}", f"has no column {name} any more"))
        for column in table.columns:
            kind = there.get(column.name)
            if noted.version == VERSION and kind is not None and kind != _type(column):
                said = f"has the column {column.name} as {kind}, and it should be {_type(column)}"
                raise ClassifierError(_altered(path, f"{prompt}.{table.name}", said))


def _altered(path: Path, table: str, what: str) -> str:
    return (
        f"The table {table} in {path} was altered by somebody: it {what}; put that right or put back a copy of the file, or drop "
        "the table and materialize its files again."
    )


def _add_tables(connection: duckdb.DuckDBPyConnection, prompt: str) -> None:
    """Make the prompt's tables that are not there, and add columns that are new to the others."""
    connection.execute(f"create schema if not exists {prompt}")
    for table in TABLES:
        name = f"{prompt}.{table.name}"
        connection.execute(f"create table if not exists {name} ({', '.join(map(_definition, table.columns))})")
        for column in table.columns:
            added = f'"{column.name}" {SQL_TYPES[column.type].duckdb}'
            connection.execute(f"alter table {name} add column if not exists {added}")


def _definition(column: Column) -> str:
    # Faster to write than what DuckDB would choose for long texts, and smaller.
    compression = " using compression zstd" if column.is_long_text else ""
    return f'"{column.name}" {SQL_TYPES[column.type].duckdb}{compression}'


def _type(column: Column) -> str:
    """The column's type as DuckDB tells it."""
    return _as_told(SQL_TYPES[column.type].duckdb)


@cache
def _as_told(kind: str) -> str:
    # DuckDB parses it, and a run looks at its tables twenty times.
    return str(duckdb.dtype(kind))


def _is_complete(tables: dict[str, dict[str, str]]) -> bool:
    return all(
        tables.get(table.name, {}).get(column.name) == _type(column) for table in TABLES for column in table.columns
    )


def _found(connection: duckdb.DuckDBPyConnection, prompt: str | None) -> Found:
    """The tables of ours in a prompt's schema, or in all."""
    names = [table.name for table in TABLES]
    rows = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = 'warehouse' "
        "and not internal and table_name in (select unnest(?)) and (? is null or schema_name = ?)",
        [names, prompt, prompt],
    ).fetchall()
    found: Found = {}
    for schema, table, column, kind in rows:
        found.setdefault(schema, {}).setdefault(table, {})[column] = kind
    return found


def _noted(connection: duckdb.DuckDBPyConnection) -> Noted | None:
    try:
        rows = connection.execute(f"select version, columns from {_NOTE}").fetchall()
    except duckdb.CatalogException:
        return None
    if not rows:
        return None
    version, columns = rows[0]
    return Noted(version, json.loads(columns))


def _note(connection: duckdb.DuckDBPyConnection) -> None:
    now: Iterable[object] = [VERSION, json.dumps(current().columns), datetime.datetime.now(datetime.UTC)]
    connection.execute(
        f"create table if not exists {_NOTE} (version bigint, columns varchar, noted_at timestamptz); delete from {_NOTE}"
    )
    connection.execute(f"insert into {_NOTE} values (?, ?, ?)", now)
