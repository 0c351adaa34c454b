"""What a warehouse does for the tables of the prompts: replace one request file's rows, read them, answer SQL."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from batch_classifier.warehouse.tables import Table

if TYPE_CHECKING:
    from batch_classifier.warehouse.dialect import Dialect
    from batch_classifier.warehouse.forgetting import FoundRows
    from batch_classifier.warehouse.wanted import Wanted


def literal(value: str) -> str:
    """A string as SQL writes it, in DuckDB and in Athena alike."""
    return "'" + value.replace("'", "''") + "'"


class Warehouse(ABC):
    """Holds the tables of all prompts; every request file is one partition of each."""

    kind: str
    dialect: "Dialect"

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the tables are, for people."""

    @abstractmethod
    def name(self, prompt: str, table: Table) -> str:
        """The table's full name in SQL."""

    @abstractmethod
    def replace(self, prompt: str, table: Table, request_file: str, rows: Iterable[pa.RecordBatch]) -> int:
        """Put these rows in the place of the request file's old ones, all or nothing; returns how many there are now.

        Of a table that is not divided by request files, `request_file` is the value of its own `partition_column`.
        """

    @abstractmethod
    @contextmanager
    def read(
        self, prompt: str, table: Table, request_file: str, columns: Sequence[str] | None = None
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        """The request file's rows, as a stream in the order they were written."""

    @abstractmethod
    @contextmanager
    def stream(self, prompt: str, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """The result of a query on the prompt's tables, as a stream."""

    def query(self, prompt: str, sql: str) -> list[dict[str, Any]]:
        """A small result of a query on the prompt's tables, a dictionary a row."""
        with self.stream(prompt, sql) as batches:
            return [row for batch in batches for row in batch.to_pylist()]

    @abstractmethod
    def prompts(self) -> list[str]:
        """The prompts that have tables here, also those whose prompt file is gone."""

    def held(self, prompt: str) -> AbstractContextManager[None]:
        """While several questions about a prompt are put one after another."""
        return nullcontext()

    def looked_through(self) -> AbstractContextManager[None]:
        """While whole columns are searched for words."""
        return nullcontext()

    @abstractmethod
    def forget_rows(self, prompt: str, wanted: "Wanted", found: "FoundRows") -> None:
        """Delete the wanted rows from all tables of a prompt; counts, as in category_summary, stay. Their bytes may be left.

        What is interrupted half way finds the rest when it is started again.
        """

    @abstractmethod
    def reclaim(self, request_files: Mapping[str, Sequence[str]], wanted: "Wanted", text_ids: Collection[str]) -> None:
        """Remove what deleting leaves behind: free blocks, earlier versions, results of queries. Again and again, if need be.

        `request_files` are those of each prompt that have had rows deleted.
        """
