"""MiniStack: an emulator that carries out CloudFormation and enforces IAM, in a process of its own on loopback.

It asks for a botocore of its own, so `make` installs it beside the packages of this environment and not among them, with
what stands in `ministack.txt`.
"""

import datetime
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from moto.core import DEFAULT_ACCOUNT_ID

from batch_classifier.deployment.stack import TEMPLATE

# The Makefile puts it there.
PACKAGES = Path(sys.prefix) / "ministack"
# The same as the other emulator's, so that they can stand for one account.
ACCOUNT, REGION = DEFAULT_ACCOUNT_ID, "us-east-1"
START_SECONDS = 60


def template_for_ministack(directory: Path) -> Path:
    """The template without what MiniStack has no service for: the budget and QuickSight."""
    text = TEMPLATE.read_text()
    start, end = text.index("\n  MonthlyBudget:\n"), text.index("\nOutputs:\n")
    path = directory / "template.yaml"
    path.write_text(text[:start] + "\n" + text[end:])
    return path


class MiniStack:
    """A context manager that serves over TLS, which the template's policies ask for, with IAM enforced."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.certificate = directory / "certificate.pem"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not PACKAGES.is_dir():
            raise FileNotFoundError(f"MiniStack is not in {PACKAGES}; `make test` puts it there.")
        key = make_certificate(self.certificate)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory),
            "PYTHONPATH": str(PACKAGES),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self.certificate),
            "MINISTACK_SSL_KEY": str(key),
            "S3_DATA_DIR": str(self.directory / "s3"),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
        }
        with (self.directory / "log.txt").open("wb") as log:
            command = [sys.executable, "-m", "ministack"]
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.directory)
        self._await_answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        # Asked to end it would wait half a minute for connections that clients keep open, and it has nothing to save.
        self._process.kill()
        self._process.wait(START_SECONDS)

    @property
    def endpoint_url(self) -> str:
        """Where it serves; the same for every service."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead boto3 here, as the account's root."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def _await_answer(self) -> None:
        context = ssl.create_default_context(cafile=str(self.certificate))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None and self._process.poll() is None, (self.directory / "log.txt").read_text()
            try:
                opener.open(f"{self.endpoint_url}/_ministack/health", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError((self.directory / "log.txt").read_text())


def make_certificate(path: Path) -> Path:
    """A certificate for loopback that signs itself; returns its key's path."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(addresses, critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path = path.with_name("key.pem")
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return key_path
