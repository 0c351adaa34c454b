"""Dagster's daemon, as far as the sensor of request files goes."""

import dagster as dg

from batch_classifier_tests.support.project import Project


class Daemon:
    """Ticks as Dagster's daemon does: it keeps the cursor, adds partitions, and launches no run key twice.

    Attributes:
        launched: job and partition of every run that was launched, in order.
        reasons: why a run was requested, by partition, where the request says so.
        message: why the last tick requested nothing, or None.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.instance = project.instance
        self.cursor: str | None = None
        self.run_keys: set[str] = set()
        self.launched: list[tuple[str, str]] = []
        self.reasons: dict[str, str] = {}
        self.message: str | None = None

    def tick(self, is_lost: bool = False) -> list[str]:
        """One tick; returns the partitions of the runs that it launched. A lost one ends before anything is kept."""
        repository = self.project.definitions.get_repository_def()
        context = dg.build_sensor_context(
            instance=self.instance,
            instance_ref=self.instance.get_ref(),
            cursor=self.cursor,
            repository_def=repository,
            resources=dict(self.project.definitions.resources or {}),
        )
        with context:
            data = repository.get_sensor_def("request_files").evaluate_tick(context)
        if is_lost:
            return []
        self.message, self.cursor = data.skip_message, data.cursor
        for added in data.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(added.partitions_def_name, list(added.partition_keys))
        for event in data.asset_events:
            self.instance.report_runless_asset_event(event)
        new: list[str] = []
        for request in data.run_requests or []:
            assert request.run_key and request.partition_key and request.job_name
            assert self.instance.has_dynamic_partition(f"{request.job_name[9:]}_request_files", request.partition_key)
            if request.run_key not in self.run_keys:
                self.run_keys.add(request.run_key)
                self.launched.append((request.job_name, request.partition_key))
                new.append(request.partition_key)
                if reason := request.tags.get("batch_classifier/reason"):
                    self.reasons[request.partition_key] = reason
        return new

    def ticks(self, times: int = 4) -> list[str]:
        """So many ticks, and what they launched together."""
        return [name for _ in range(times) for name in self.tick()]

    def work(self, times: int = 4) -> list[str]:
        """So many ticks with their runs, each to its end; returns the partitions that were run."""
        names = []
        for _ in range(times):
            names += [name for name in self.tick() if self.project.run(name) is not None]
        return names

    def restart(self) -> None:
        """The process that makes the ticks begins anew; what Dagster keeps, the cursor and the runs, stays."""
        self.project.restart()
