"""Quick answers to whether a partition is there, for pages of the Dagster UI over thousands of request files.

To show how asset checks stand, Dagster 1.13 asks for each partition of each check whether it is still there
(`dagster/_core/storage/asset_check_state.py`), a query each: with 10,000 request files a page took a minute.
"""

import time
from typing import Any

from dagster._core.storage.event_log import SqlEventLogStorage

# A partition that another process has removed counts as there for so long.
REMEMBERED_SECONDS = 5.0


class KnownPartitions(SqlEventLogStorage):
    """An event log that reads all partitions of a kind at once, and remembers them for some seconds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._known: dict[str, tuple[float, frozenset[str]]] = {}
        super().__init__(*args, **kwargs)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether the partition is there; one that is not among the remembered ones is looked up."""
        read_at, known = self._known.get(partitions_def_name, (float("-inf"), frozenset()))
        if time.monotonic() - read_at > REMEMBERED_SECONDS:
            known = frozenset(self.get_dynamic_partitions(partitions_def_name))
            self._known[partitions_def_name] = time.monotonic(), known
        return partition_key in known or super().has_dynamic_partition(partitions_def_name, partition_key)

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        """Remove the partition, and forget what was remembered."""
        self._known.pop(partitions_def_name, None)
        super().delete_dynamic_partition(partitions_def_name, partition_key)
