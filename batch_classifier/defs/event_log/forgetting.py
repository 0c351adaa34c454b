"""What Dagster's event log shows of request files that are to be forgotten: previews of rows and samples in checks.

Dagster can delete whole runs or wipe assets, and with either what the sensor knows of the files would be gone. So the events stay,
and of these metadata alone the values go. The tables are those of `dagster/_core/storage/event_log/schema.py`.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetKeyTable, SqlEventLogStorageTable

from batch_classifier.defs.names import PARTITION_TAG, job_name
from batch_classifier.errors import ClassifierError

# Metadata in which texts, their beginnings, record ids or labels of a file may stand.
LABELS = ("preview", "sample", "confusion_matrix", "labels_outside_the_set")
INSTEAD = "forgotten"
_ROWS_AT_ONCE = 500
# The tables with events, each with the column that has them and the one that names their run.
_TABLES = (
    (SqlEventLogStorageTable, "event", "run_id"),
    (AssetKeyTable, "last_materialization", "last_run_id"),
    (AssetCheckExecutionsTable, "evaluation_event", "run_id"),
)


def forget_metadata(instance: dg.DagsterInstance, prompt: str, request_files: Sequence[str], is_rehearsal: bool) -> int:
    """Clear these metadata of all runs of these request files of a prompt; returns of how many records.

    Raises ClassifierError when the event log is in use and can't be cleared.
    """
    storage: Any = instance.event_log_storage
    # What Dagster hands out may be a wrapper around the storage that has the tables.
    storage = getattr(storage, "_event_log_storage", storage)
    cleared = 0
    for request_file in request_files:
        runs = _runs(instance, prompt, request_file)
        marks = f'["{prompt}", ', json.dumps(request_file)
        try:
            with storage.index_connection() as connection:
                cleared += _clear_tables(connection, _TABLES, set(runs), marks, is_rehearsal)
            shards = [Path(storage.path_for_shard(run)) for run in runs] if _has_files(storage) else []
            for path in filter(Path.exists, shards):
                with storage.run_connection(path.stem) as connection:
                    cleared += _clear_tables(connection, _TABLES[:1], set(runs), marks, is_rehearsal)
            if not is_rehearsal and _has_files(storage):
                for path in filter(Path.exists, [Path(storage.path_for_shard("index")), *shards]):
                    _drop_free_pages(path)
        except (sqlalchemy.exc.OperationalError, sqlite3.OperationalError) as error:
            raise ClassifierError(
                f"Dagster's event log cannot be cleared of {request_file}: {error.args[0]}; stop the Dagster UI and start again."
            ) from error
    return cleared


def _has_files(storage: Any) -> bool:
    return hasattr(storage, "path_for_shard")


def _runs(instance: dg.DagsterInstance, prompt: str, request_file: str) -> list[str]:
    """The runs of a request file; the UI runs chosen assets in a job without a prompt's name."""
    runs = instance.get_runs(dg.RunsFilter(tags={PARTITION_TAG: request_file}))
    return [
        run.run_id
        for run in runs
        if run.job_name == job_name(prompt) or prompt in {key.path[0] for key in run.asset_selection or ()}
    ]


def _clear_tables(connection: Any, tables: Any, runs: set[str], marks: tuple[str, str], is_rehearsal: bool) -> int:
    """Clear the events of these runs, and those that hold the marks of a prompt's asset and of a request file."""
    cleared = 0
    for table, column, run_column in tables:
        if not sqlalchemy.inspect(connection).has_table(table.name):
            continue
        for row_id, event, run_id, asset_key in _events(connection, table, column, run_column):
            is_of_file = marks[1] in event and (asset_key or "").startswith(marks[0])
            if run_id not in runs and not is_of_file:
                continue
            content = json.loads(event)
            if _clear(content):
                cleared += 1
                if not is_rehearsal:
                    changed = table.update().where(table.c.id == row_id).values({column: json.dumps(content)})
                    connection.execute(changed)
    return cleared


def _events(connection: Any, table: Any, column: str, run_column: str) -> Iterator[tuple[int, str, str, str | None]]:
    """Events that have any of these metadata, read a piece at a time, so that they can be changed meanwhile."""
    events, last = table.c[column], 0
    holds = sqlalchemy.or_(*(events.like(f'%"{label}"%') for label in LABELS))
    while True:
        query = sqlalchemy.select(table.c.id, events, table.c[run_column], table.c.asset_key).where(
            holds, table.c.id > last
        )
        rows = connection.execute(query.order_by(table.c.id).limit(_ROWS_AT_ONCE)).fetchall()
        yield from (tuple(row) for row in rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        last = rows[-1][0]


def _clear(content: Any) -> bool:
    """Put `INSTEAD` in the place of these metadata's values, wherever in an event they are; False where there was nothing to do."""
    if isinstance(content, list):
        # Each of them, also after one that was changed.
        return sum(map(_clear, content)) > 0
    if not isinstance(content, dict):
        return False
    entries = [content["entry_data"]] if content.get("label") in LABELS and "entry_data" in content else []
    entries += [content[label] for label in LABELS if label in content]
    changed = [_clear_value(entry) for entry in entries if isinstance(entry, dict)]
    return sum([*changed, *map(_clear, content.values())]) > 0


def _clear_value(entry: dict[str, Any]) -> bool:
    texts = [name for name, value in entry.items() if not name.startswith("__") and value != INSTEAD]
    entry.update(dict.fromkeys(texts, INSTEAD))
    return bool(texts)


def _drop_free_pages(path: Path) -> None:
    """SQLite keeps what was there before in free pages and in its log; they go when the file is written anew."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")
