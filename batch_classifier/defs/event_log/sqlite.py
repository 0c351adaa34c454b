"""The event log of a Dagster on this machine, as dagster.yaml names it."""

from typing import Any

# Where Dagster's documentation has dagster.yaml find it.
from dagster._core.storage.event_log import SqliteEventLogStorage

from batch_classifier.defs.event_log.improved import improved
from batch_classifier.defs.event_log.kept_connections import EXPECTED, KeptConnections
from batch_classifier.defs.event_log.quick_sqlite import make_quick


class SqliteEventLog(SqliteEventLogStorage):
    """Dagster's own in SQLite files that stay open and are quick in this process, with partitions that are known quickly."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """What Dagster calls with the settings of dagster.yaml; its own storage, improved."""
        make_quick()
        return improved(SqliteEventLogStorage.from_config_value(inst_data, config_value), KeptConnections, EXPECTED)
