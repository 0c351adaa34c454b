"""An event log that Dagster has made, with some methods replaced where its insides are those that are known."""

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from batch_classifier.defs.event_log import known_partitions, pool_waits

_LOGGER = logging.getLogger(__name__)

EXPECTED = {**known_partitions.EXPECTED, **pool_waits.EXPECTED}
_NOTHING: Mapping[str, tuple[str, ...]] = {}
Storage = TypeVar("Storage")


def improved(
    storage: Storage,
    connections: Callable[[Any], Any] | None = None,
    expected: Mapping[str, tuple[str, ...]] = _NOTHING,
) -> Storage:
    """The storage, with some of its methods replaced.

    Args:
        storage: as Dagster has made it.
        connections: makes what takes the place of the storage's connections, where they are better kept.
        expected: the methods that this replaces or asks, each with the parameters that are expected.

    Dagster builds it, for its `from_config_value` knows which arguments the installed version takes: none of them is
    dropped here. Where a method has other parameters than expected, the storage stays as Dagster made it: slower and
    with silent waits, and told in one line of the log.
    """
    if found := differences(storage, {**EXPECTED, **expected}):
        _LOGGER.warning(
            "This version of Dagster keeps its event log in another way (%s): its own %s is used as it is.",
            "; ".join(found),
            type(storage).__name__,
        )
        return storage
    if connections is not None:
        connections(storage).stand_in(storage)
    known_partitions.KnownPartitions(storage).stand_in(storage)
    pool_waits.PoolWaits(storage, lambda: storage._instance).stand_in(storage)  # type: ignore[attr-defined]
    return storage


def differences(storage: object, expected: Mapping[str, tuple[str, ...]]) -> list[str]:
    """In which methods the storage differs from what is expected of it; empty when in none."""
    found = [] if hasattr(type(storage), "_instance") else ["_instance is not there"]
    for name, parameters in expected.items():
        method: Any = getattr(storage, name, None)
        if method is None:
            found.append(f"{name} is not there")
        elif (there := tuple(inspect.signature(method).parameters)) != parameters:
            found.append(f"{name} takes {', '.join(there) or 'nothing'}")
    return found
