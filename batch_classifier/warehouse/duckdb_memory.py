"""How much memory DuckDB may take: little, and more where texts are long.

DuckDB takes up 2,048 rows at once, whatever they hold, where it writes, reads and packs a table: its vector, which no setting
makes shorter. 1,000 texts of 100 KB are 100 MB that it needs at a time, and where it gets less, a commit fails.
"""

from collections import deque

import duckdb
import pyarrow as pa

LEAST_BYTES = 80_000_000
ROWS_A_VECTOR = 2_048
# Measured: texts lie in blocks that they fill by half at worst, and are read into a piece of memory of twice the size at
# most, beside their packed form.
_TIMES_A_VECTOR = 3
_BESIDES_BYTES = 40_000_000
# As DuckDB writes a limit, as in "76.2 MiB".
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def memory_for(vector_bytes: int) -> int:
    """The limit, in bytes, for a table whose vectors are at most so large."""
    return max(LEAST_BYTES, _BESIDES_BYTES + _TIMES_A_VECTOR * vector_bytes)


class LargestVector:
    """The bytes of the largest vector that rows can come to as they pass; they may begin anywhere in one."""

    def __init__(self) -> None:
        self.bytes = 0
        self._recent: deque[tuple[int, int]] = deque()
        self._rows = self._size = 0

    def pass_by(self, batch: pa.RecordBatch) -> None:
        """Take in the next rows."""
        self._recent.append((batch.num_rows, batch.nbytes))
        self._rows, self._size = self._rows + batch.num_rows, self._size + batch.nbytes
        while self._recent and self._rows - self._recent[0][0] >= ROWS_A_VECTOR:
            rows, size = self._recent.popleft()
            self._rows, self._size = self._rows - rows, self._size - size
        self.bytes = max(self.bytes, self._size)


def limit_of(connection: duckdb.DuckDBPyConnection) -> int:
    """The limit as it stands, in bytes, as exactly as DuckDB tells it."""
    ((limit,),) = connection.execute("select current_setting('memory_limit')").fetchall()
    number, _, unit = str(limit).partition(" ")
    return int(float(number) * 1024 ** _UNITS.index(unit))


def allow(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """Raise the limit to so many bytes, unless it is higher."""
    if limit_of(connection) < size:
        connection.execute(f"set memory_limit = '{size}B'")


def allow_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB take what it needs, up to its own limit for this machine (four fifths of its memory)."""
    connection.execute("reset global memory_limit")


def restrict(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """Bring the limit back to what it was; what is in use at the moment stays."""
    try:
        connection.execute(f"set memory_limit = '{size}B'")
    except duckdb.OutOfMemoryException:
        # Another connection of this process is reading long texts; it is for its end to bring the limit down.
        return


def allow_twice(connection: duckdb.DuckDBPyConnection) -> bool:
    """Double the limit; False where it is as high as DuckDB goes on this machine."""
    before = limit_of(connection)
    allow_all(connection)
    most = limit_of(connection)
    restrict(connection, min(most, 2 * before))
    return before < most


def is_out_of_memory(error: Exception) -> bool:
    """Whether DuckDB failed for want of memory.

    A commit that does is an error of another class, and in the midst of a result, which Arrow reads, it is Arrow's OSError.
    """
    return isinstance(error, duckdb.OutOfMemoryException) or (
        isinstance(error, duckdb.Error | OSError)
        and any(words in str(error) for words in ("failed to pin block", "Out of Memory Error"))
    )
