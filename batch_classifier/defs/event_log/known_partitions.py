"""Quick answers to whether a partition is there, for pages of the Dagster UI over thousands of request files.

To show how asset checks stand, Dagster 1.13 asks for each partition of each check whether it is still there
(`dagster/_core/storage/asset_check_state.py`), a query each: with 10,000 request files a page took a minute.
docs/dagster_partition_lookup.md has the change that would make this module needless.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

# A partition that another process has removed counts as there for so long.
REMEMBERED_SECONDS = 5.0

# The methods that are replaced or asked, each with the parameters that are expected.
EXPECTED = {
    "has_dynamic_partition": ("partitions_def_name", "partition_key"),
    "delete_dynamic_partition": ("partitions_def_name", "partition_key"),
    "get_dynamic_partitions": ("partitions_def_name",),
}


class KnownPartitions:
    """Reads all partitions of a kind at once, and remembers them for some seconds; takes the place of two methods of a storage."""

    def __init__(self, storage: Any) -> None:
        self._get_all: Callable[[str], Sequence[str]] = storage.get_dynamic_partitions
        self._has: Callable[[str, str], bool] = storage.has_dynamic_partition
        self._delete: Callable[[str, str], None] = storage.delete_dynamic_partition
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether the partition is there; one that is not among the remembered ones is looked up."""
        read_at, known = self._known.get(partitions_def_name, (float("-inf"), frozenset()))
        if time.monotonic() - read_at > REMEMBERED_SECONDS:
            known = frozenset(self._get_all(partitions_def_name))
            self._known[partitions_def_name] = time.monotonic(), known
        return partition_key in known or self._has(partitions_def_name, partition_key)

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        """Remove the partition, and forget what was remembered."""
        self._known.pop(partitions_def_name, None)
        self._delete(partitions_def_name, partition_key)

    def stand_in(self, storage: Any) -> None:
        """Have the storage answer by these methods from now on."""
        storage.has_dynamic_partition = self.has_dynamic_partition
        storage.delete_dynamic_partition = self.delete_dynamic_partition
