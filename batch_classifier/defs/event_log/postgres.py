"""The event log of a Dagster on AWS, as deploy/aws/dagster.yaml names it."""

from typing import Any

from dagster_postgres import PostgresEventLogStorage

from batch_classifier.defs.event_log.improved import improved


class PostgresEventLog(PostgresEventLogStorage):
    """Dagster's own in Postgres, with partitions that are known quickly."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """What Dagster calls with the settings of dagster.yaml; its own storage, improved."""
        return improved(PostgresEventLogStorage.from_config_value(inst_data, config_value))
