"""Within what a record id stands for one record, and so which rows are the same record classified again."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

_WHOLE_NUMBER = r"^[0-9]+$"
_FIRST_NUMBERS = ("0", "1")


class RecordScope(StrEnum):
    """The values of the column `record_scope`."""

    PER_ROW = "per_row"
    """The row has no id of its own: only the same row of the same file, classified again, takes its place."""
    PER_FILE = "per_file"
    """The same id in another file is another record."""
    GLOBAL = "global"
    """The same id is the same record, in whatever file."""


@dataclass
class ScopeOfIds:
    """Finds the scope of one file's ids where the prompt leaves it open.

    Ids that number the file's rows (whole numbers, and among them a 0 or a 1) begin anew in the next file, so they stand for a
    record within their file alone. All others are names that a record keeps from file to file.
    """

    _are_numbers: bool = True
    _has_first: bool = False

    def look_at(self, requests: pa.RecordBatch) -> None:
        """Take in rows of `raw_requests`; those without an id of their own say nothing."""
        if not self._are_numbers:
            return
        ids = requests["record_id"].filter(pc.is_null(requests["record_scope"]))
        self._are_numbers = bool(pc.all(pc.match_substring_regex(ids, _WHOLE_NUMBER), min_count=0).as_py())
        self._has_first = self._has_first or any(pc.index(ids, first).as_py() >= 0 for first in _FIRST_NUMBERS)

    @property
    def scope(self) -> RecordScope:
        """The scope, once all rows have been looked at."""
        return RecordScope.PER_FILE if self._are_numbers and self._has_first else RecordScope.GLOBAL


def record_in_sql() -> str:
    """What rows of `classifications` have in common when they are one record: expressions for a GROUP BY or PARTITION BY.

    Rows from before there was the column have no scope: an id that is the row's own number is taken for none, any other for
    one that holds everywhere, as it did.
    """
    is_number = "record_id = cast(row_number as varchar) or record_id = concat('row ', cast(row_number as varchar))"
    scope = (
        f"coalesce(record_scope, case when {is_number} then '{RecordScope.PER_ROW}' else '{RecordScope.GLOBAL}' end)"
    )
    return (
        f"case when {scope} <> '{RecordScope.GLOBAL}' then request_file end, "
        f"case when {scope} = '{RecordScope.PER_ROW}' then row_number end, "
        f"case when {scope} <> '{RecordScope.PER_ROW}' then record_id end"
    )
