"""Rows that are to be forgotten leave a DuckDB file: from the tables, and then from the file's free blocks.

DuckDB marks the blocks of deleted rows as free and writes over them some day; until then their bytes are there. So the file is
written anew beside itself, without them, and takes its own place. Meanwhile the old one stays attached, so that no other process
can open it; whoever opens the path after that opens the new one.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import duckdb
import pyarrow as pa

from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.duckdb_file import ROWS_A_GROUP
from batch_classifier.warehouse.duckdb_memory import allow_all, limit_of, restrict
from batch_classifier.warehouse.forgetting import OF_THE_RECORD, FoundRows
from batch_classifier.warehouse.interface import literal
from batch_classifier.warehouse.tables import BEDROCK_JSONL, CORRECTIONS, PARTITION_COLUMN, TABLES
from batch_classifier.warehouse.wanted import TABLES_WITH_TEXTS, KeyKind, Wanted


@contextmanager
def more_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that the machine has, for all connections to the file, until the end of the `with`.

    To look through and to copy whole columns of long texts takes more than the usual limit; what is not needed is not used.
    """
    before = limit_of(connection)
    allow_all(connection)
    try:
        yield
    finally:
        restrict(connection, before)


def delete_rows(connection: duckdb.DuckDBPyConnection, prompt: str, wanted: Wanted, found: FoundRows) -> None:
    """Delete the wanted rows from all tables of a prompt, in one transaction.

    A row goes from each table that has rows of request files, and with a file its list of batches. Tables that hold counts
    alone stay as they are. Corrections go with their texts.
    """
    selected = " union ".join(
        f"select request_file, row_number from {prompt}.{table.name} where {wanted.condition(table)}"
        for table in TABLES_WITH_TEXTS
    )
    connection.execute("begin")
    try:
        connection.execute(f"create or replace temp table forgotten_rows as {selected}")
        for table in TABLES:
            if {"request_file", "row_number"} <= set(table.schema.names):
                connection.execute(
                    f"delete from {prompt}.{table.name} where (request_file, row_number) in (from forgotten_rows)"
                )
        _delete_corrections(connection, f"{prompt}.{CORRECTIONS.name}", found)
        if wanted.kind is KeyKind.FILE:
            connection.execute(
                f"delete from {prompt}.{BEDROCK_JSONL.name} where {PARTITION_COLUMN} = ?", [wanted.value]
            )
        connection.execute("drop table forgotten_rows")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _delete_corrections(connection: duckdb.DuckDBPyConnection, table: str, found: FoundRows) -> None:
    if not found.corrections:
        return
    places = pa.Table.from_pylist([asdict(one) for one in found.corrections])
    connection.register("concerned_corrections", places)
    concerned = "(correction_set, number) in (select correction_set, number from concerned_corrections where {})"
    blank = ", ".join(f"{column} = null" for column in OF_THE_RECORD)
    connection.execute(f"delete from {table} where {concerned.format('is_deleted')}")
    connection.execute(f"update {table} set {blank} where {concerned.format('not is_deleted')}")
    connection.unregister("concerned_corrections")


def rewrite_file(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the attached file anew, without what is deleted, and remove copies of it that an upgrade has left.

    Raises ClassifierError when it cannot be written; then the old one is as it was.
    """
    unfinished = path.with_name(f"{path.name}.rewritten")
    try:
        _copy(connection, unfinished)
        shutil.copymode(path, unfinished)
        unfinished.replace(path)
    except (duckdb.Error, OSError) as error:
        words = str(error).splitlines()[0]
        raise ClassifierError(
            f"{path} cannot be written anew without the deleted rows: {words}; mend that and start again."
        ) from error
    finally:
        for left in (unfinished, Path(f"{unfinished}.wal")):
            left.unlink(missing_ok=True)
    for copy in copies_of(path):
        copy.unlink()
    # What a killed process had moved out of its memory. Nobody else has the file, and this connection has no query under way.
    for left in Path(f"{path}.tmp").glob("*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def copies_of(path: Path) -> list[Path]:
    """The copies of the file that upgrades have left beside it."""
    return sorted(path.parent.glob(f"{path.stem}-before-version-*{path.suffix}"))


def _copy(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    target.unlink(missing_ok=True)
    connection.execute("checkpoint warehouse")
    with more_memory(connection):
        connection.execute(f"attach {literal(str(target))} as rewritten (row_group_size {ROWS_A_GROUP})")
        try:
            connection.execute("copy from database warehouse to rewritten")
        finally:
            # With it the copy is complete, and its log is gone.
            connection.execute("detach rewritten")


def copy_file(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Copy the attached file, whole or not at all; raises duckdb.Error or OSError when it cannot be written."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        _copy(connection, unfinished)
        unfinished.replace(target)
    finally:
        for left in (unfinished, Path(f"{unfinished}.wal")):
            left.unlink(missing_ok=True)
