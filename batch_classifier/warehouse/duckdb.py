"""The warehouse on this machine: one DuckDB file, a schema for each prompt.

Only one process at a time may have the file open, so connections are held briefly and others wait their turn.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from batch_classifier.errors import ClassifierError
from batch_classifier.file_access import PRIVATE, FileAccess
from batch_classifier.warehouse.dialect import DUCKDB
from batch_classifier.warehouse.duckdb_file import connected, give_access
from batch_classifier.warehouse.duckdb_forgetting import delete_rows, more_memory, rewrite_file
from batch_classifier.warehouse.duckdb_insert import insert
from batch_classifier.warehouse.duckdb_memory import allow_all, is_out_of_memory, limit_of, restrict
from batch_classifier.warehouse.duckdb_stream import record_batches
from batch_classifier.warehouse.duckdb_version import are_tables_ready, ensure_tables
from batch_classifier.warehouse.forgetting import FoundRows
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.tables import RAW_REQUESTS, Table
from batch_classifier.warehouse.views import VIEWS, definition_mark, duckdb_view
from batch_classifier.warehouse.wanted import Wanted
from batch_classifier.wording import fit_line

_LOGGER = logging.getLogger(__name__)

WAIT_SECONDS = 300.0


Connections = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


class DuckDBWarehouse(Warehouse):
    """Tables in a DuckDB file.

    Args:
        path: the file; it is made at the first use.
        wait_seconds: how long to wait while another program has it open.
        connections: gives connections to the file, in place of those that are opened here.
        access: who may read the file.
        read_only: whether the file is opened to read alone, beside others who read it; a file that is not there is not made.
    """

    kind = "duckdb"
    dialect = DUCKDB

    def __init__(
        self,
        path: Path,
        wait_seconds: float = WAIT_SECONDS,
        connections: Connections | None = None,
        access: FileAccess = PRIVATE,
        read_only: bool = False,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._access = access
        self._connections = connections or partial(connected, path, wait_seconds, access, read_only)
        self._writing = self if not read_only else DuckDBWarehouse(path, wait_seconds, access=access)

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def name(self, prompt: str, table: Table) -> str:
        """Schema and table, as in `travel.classifications`."""
        return f"{prompt}.{table.name}"

    @contextmanager
    def connect(self, prompt: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection, with the prompt's tables in place; raises ClassifierError while another program keeps the file."""
        if self.read_only:
            if not self.path.exists():
                raise ClassifierError(f"There is no database {self.path} yet; classify a file first.")
            with self._connections() as connection:
                if prompt is None or are_tables_ready(connection, self.path, prompt):
                    yield connection
                    return
            # Of an older version: to bring them up to date takes writing.
            with self._writing.connect(prompt):
                pass
        with self._connections() as connection:
            if prompt is not None and not self.read_only:
                self._ensure_tables(connection, prompt)
                # Where tables were made, DuckDB may have made its log, with the permissions of the umask.
                give_access(self.path, self._access)
            yield connection

    def _ensure_tables(self, connection: duckdb.DuckDBPyConnection, prompt: str) -> None:
        ensure_tables(connection, self.path, prompt)
        there = connection.execute(
            "select view_name, comment from duckdb_views() where database_name = 'warehouse' and schema_name = ?",
            [prompt],
        ).fetchall()
        if not {(view.name, definition_mark(view)) for view in VIEWS} <= set(there):
            self._make_views(connection, prompt)

    def _make_views(self, connection: duckdb.DuckDBPyConnection, prompt: str) -> None:
        for view in VIEWS:
            try:
                connection.execute(duckdb_view(view, prompt))
            except duckdb.Error as error:
                # Somebody has a table of that name; the tables that a run needs are in place all the same.
                _LOGGER.warning(
                    "The view %s.%s cannot be made: %s", prompt, view.name, fit_line(str(error).split("\n")[0])
                )

    def replace(self, prompt: str, table: Table, request_file: str, rows: Iterable[pa.RecordBatch]) -> int:
        """Replace a request file's rows in one transaction: whatever fails, also in the middle, leaves the old ones."""
        with self.connect(prompt) as connection:
            return self.replace_with(connection, prompt, table, request_file, rows)

    def replace_with(
        self,
        connection: duckdb.DuckDBPyConnection,
        prompt: str,
        table: Table,
        request_file: str,
        rows: Iterable[pa.RecordBatch],
    ) -> int:
        """The same on a connection that is already open and whose tables are in place."""
        name = self.name(prompt, table)
        connection.execute("begin")
        try:
            connection.execute(f"delete from {name} where {table.partition_column} = ?", [request_file])
            count = insert(connection, name, rows)
            give_access(self.path, self._access)
            _commit(connection)
        except BaseException as error:
            # Also when the run is interrupted: nothing half-written stays. After some errors DuckDB has ended the
            # transaction by itself, and refuses; what is to be told is what went wrong before.
            with suppress(duckdb.Error):
                connection.execute("rollback")
            if isinstance(error, duckdb.Error) and is_out_of_memory(error):
                raise _too_little_memory(f"{request_file} cannot be written to {name}") from error
            raise
        return count

    @contextmanager
    def read(
        self, prompt: str, table: Table, request_file: str, columns: Sequence[str] | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        """The request file's rows, as a stream in the order they were written."""
        chosen = ", ".join(f'"{column}"' for column in columns or table.schema.names)
        sql = (
            f"select {chosen} from {self.name(prompt, table)} where {table.partition_column} = {literal(request_file)}"
        )
        with self._stream(prompt, sql, is_ordered=True) as batches:
            yield batches

    @contextmanager
    def stream(self, prompt: str, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """The result of a query, as a stream of record batches; the connection is held until the end of the `with`."""
        with self._stream(prompt, sql) as batches:
            yield batches

    @contextmanager
    def _stream(self, prompt: str, sql: str, is_ordered: bool = False) -> Iterator[Iterator[pa.RecordBatch]]:
        # The stream is closed here, whoever still holds on to it: DuckDB waits without end for what is left of a closed
        # connection when the file is opened again.
        with self.connect(prompt) as connection, closing(record_batches(connection, sql, is_ordered)) as batches:
            try:
                yield batches
            except (duckdb.Error, OSError) as error:
                if not is_out_of_memory(error):
                    raise
                raise _too_little_memory(f"The tables of the prompt {prompt} cannot be read") from error

    def prompts(self) -> list[str]:
        """The schemas with tables of ours."""
        if not self.path.exists():
            return []
        with self.connect() as connection:
            found = connection.execute(
                "select distinct schema_name from duckdb_tables() where database_name = 'warehouse' and table_name = ?",
                [RAW_REQUESTS.name],
            ).fetchall()
        return sorted(name for (name,) in found)

    @contextmanager
    def held(self, prompt: str) -> Iterator[None]:
        """The file is open: to open it takes a tenth of a second where it is large."""
        with self.connect(prompt):
            yield

    @contextmanager
    def looked_through(self) -> Iterator[None]:
        """The file is held, with memory for whole columns of long texts."""
        with self.connect() as connection, more_memory(connection):
            yield

    def forget_rows(self, prompt: str, wanted: Wanted, found: FoundRows) -> None:
        """Delete the wanted rows in one transaction."""
        with self.connect(prompt) as connection, more_memory(connection):
            delete_rows(connection, prompt, wanted, found)

    def reclaim(self, request_files: Mapping[str, Sequence[str]], wanted: Wanted, text_ids: Collection[str]) -> None:
        """Write the file anew, and remove the copies that upgrades have left."""
        if self.path.exists():
            with self.connect() as connection:
                rewrite_file(connection, self.path)


def _commit(connection: duckdb.DuckDBPyConnection) -> None:
    """Commit. It also packs rows of other request files that share a vector with the new ones, so it gets what it takes."""
    limit = limit_of(connection)
    allow_all(connection)
    try:
        connection.execute("commit")
    finally:
        restrict(connection, limit)


def _too_little_memory(what: str) -> ClassifierError:
    return ClassifierError(
        f"{what}: its texts are so long that 2,048 rows of them need more memory than this machine has; leave out the longest "
        "texts, or use a machine with more memory."
    )
