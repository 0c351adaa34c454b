"""The event log of a Dagster on this machine, as dagster.yaml names it."""

from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

from batch_classifier.defs.event_log.known_partitions import KnownPartitions


class SqliteEventLog(KnownPartitions, SqliteEventLogStorage):
    """Dagster's own in SQLite files, with partitions that are known quickly."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "SqliteEventLog":
        """What Dagster calls with the settings of dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)
