"""Where Dagster keeps its history on this machine: each deployment has its own, as dagster.yaml names it.

Partitions are request files, and those of a folder on this machine are not those of a bucket: with one history for both, what was tried
locally would be shown as done on AWS, and the sensors' cursors would be mixed up. The local deployment's history is in the folder that
dagster.yaml names, where it always was; any other deployment's is in a folder of its name below that.
"""

from pathlib import Path
from typing import Any

# Where Dagster's documentation has dagster.yaml find them.
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage

from batch_classifier.defs.event_log.sqlite import SqliteEventLog
from batch_classifier.settings import chosen_deployment


def of_deployment(config_value: Any) -> Any:
    """A storage's settings, with `base_dir` as that of the deployment that is chosen; raises SettingError for a `.env` that is no text."""
    deployment = chosen_deployment()
    if deployment == "local":
        return config_value
    return {**config_value, "base_dir": str(Path(config_value["base_dir"]) / deployment)}


class RunsOfDeployment(SqliteRunStorage):
    """Dagster's runs of this deployment."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """What Dagster calls with the settings of dagster.yaml."""
        return super().from_config_value(inst_data, of_deployment(config_value))


class EventsOfDeployment(SqliteEventLog):
    """Dagster's events and partitions of this deployment."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """What Dagster calls with the settings of dagster.yaml."""
        return super().from_config_value(inst_data, of_deployment(config_value))


class SchedulesOfDeployment(SqliteScheduleStorage):
    """Dagster's ticks and cursors of this deployment."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """What Dagster calls with the settings of dagster.yaml."""
        return super().from_config_value(inst_data, of_deployment(config_value))
