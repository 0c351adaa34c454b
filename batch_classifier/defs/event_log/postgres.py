"""The event log of a Dagster on AWS, as deploy/aws/dagster.yaml names it."""

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import PostgresEventLogStorage
from dagster_postgres.utils import pg_url_from_config

from batch_classifier.defs.event_log.known_partitions import KnownPartitions


class PostgresEventLog(KnownPartitions, PostgresEventLogStorage):
    """Dagster's own in Postgres, with partitions that are known quickly."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PostgresEventLog":
        """What Dagster calls with the settings of dagster.yaml."""
        return cls(
            inst_data=inst_data,
            postgres_url=pg_url_from_config(dict(config_value)),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
        )
