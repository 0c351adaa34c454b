"""The columns of a request file that are neither id, text nor label, and how many of them there may be.

Where each row brings keys of its own, a table with a column for each would be nothing but gaps: 20,000 rows made a result file of 404 MB.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import pyarrow as pa

MOST_OWN_COLUMNS = 1_000
FURTHER = "further_columns"


@dataclass
class OwnColumns:
    """The first `MOST_OWN_COLUMNS` columns of a file, as its rows bring them; what comes after is gathered in one more."""

    _names: set[str] = field(default_factory=set)
    _last: Sequence[str] = ()

    def take_in(self, names: Sequence[str]) -> bool:
        """Take in the columns of some rows; True when each of them can be a column."""
        if names != self._last:
            self._last = names
            for name in names:
                if len(self._names) >= MOST_OWN_COLUMNS:
                    break
                self._names.add(name)
        return self._names.issuperset(names)

    def gathered(self, cells: pa.RecordBatch, names: Sequence[str]) -> pa.Array:
        """For each row an object of its cells, as JSON; those of further columns are together in one, as JSON in a text."""
        further = FURTHER
        while further in self._names:
            further += "_"
        rows = zip(*(cells.column(name).to_pylist() for name in names), strict=True)
        return pa.array((self._object(dict(zip(names, row, strict=True)), further) for row in rows), pa.string())

    def _object(self, row: dict[str, str | None], further: str) -> str:
        known = {name: value for name, value in row.items() if value is not None and name in self._names}
        others = {name: value for name, value in row.items() if value is not None and name not in self._names}
        if others:
            known[further] = orjson.dumps(others).decode()
        return orjson.dumps(known).decode()
