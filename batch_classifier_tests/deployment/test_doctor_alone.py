"""The checks of a deployment beside AWS itself: what is refused, this machine, and what `make aws-emulator` serves."""

from pathlib import Path

import boto3
import duckdb
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from typer.testing import CliRunner

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.command_line.main import command_line
from batch_classifier.deployment.doctor import check_deployment
from batch_classifier.deployment.verdicts import Verdict, run_checks
from batch_classifier.settings import PREFIX, Settings
from batch_classifier_tests.emulators.serve import list_settings, make_account
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.repository import PROMPTS


@pytest.mark.parametrize(
    "error, finding",
    [
        (NoCredentialsError(), "No AWS credentials were found; sign in, or set AWS_PROFILE."),
        (EndpointConnectionError(endpoint_url="https://sts"), "AWS cannot be reached"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (ImportError("No module named 'boto3'"), "No module named 'boto3'."),
    ],
)
def test_a_check_that_is_refused_is_a_verdict(error: Exception, finding: str) -> None:
    def fail() -> Verdict:
        raise error

    (verdict,) = run_checks({"Anything": fail})
    assert (verdict.name, verdict.status) == ("Anything", "fail")
    assert finding in verdict.finding


def test_a_local_deployment_needs_no_aws(tmp_path: Path) -> None:
    clients = DeploymentClients()
    settings = Settings(home=tmp_path / "data", prompts=PROMPTS)
    verdicts = check_deployment(settings, clients)
    assert [(verdict.name, verdict.status) for verdict in verdicts] == [
        *(("Prompts", "ok"), ("Request files and results", "ok"), ("Batches and answers", "ok"), ("DuckDB", "ok")),
    ]
    assert not settings.home.exists()
    assert clients._session is None


def test_what_is_wrong_on_this_machine_is_named(tmp_path: Path) -> None:
    home = tmp_path / "data"
    home.mkdir()
    (home / "warehouse.duckdb").write_bytes(b"This is no database." * 1000)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "broken.yaml").write_text("description: x\n")
    verdicts = check_deployment(Settings(home=home, prompts=tmp_path / "prompts"))
    said = {verdict.name: verdict for verdict in verdicts if verdict.status == "fail"}
    assert set(said) == {"Prompts", "DuckDB"}
    assert "broken.yaml" in said["Prompts"].finding
    (tmp_path / "file").touch()
    (folder,) = [
        verdict
        for verdict in check_deployment(Settings(home=tmp_path / "file", prompts=PROMPTS))
        if verdict.name == "Request files and results"
    ]
    assert folder.status == "fail" and "cannot be written to" in folder.finding


def test_a_database_in_use_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "warehouse.duckdb").touch()

    def refuse(path: str) -> None:
        raise duckdb.IOException("IO Error: Could not set lock on file")

    monkeypatch.setattr(duckdb, "connect", refuse)
    verdict = check_deployment(Settings(home=tmp_path, prompts=PROMPTS))[-1]
    assert (verdict.name, verdict.status) == ("DuckDB", "warn")


def test_what_make_aws_emulator_serves_is_healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with BedrockEmulator() as emulator:
        for name, value in (list_settings(emulator) | {f"{PREFIX}HOME": str(tmp_path)}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        make_account(emulator, monkeypatch)
        checked = CliRunner().invoke(command_line, ["doctor"])
    assert checked.exit_code == 0 and all(line.startswith("ok ") for line in checked.output.splitlines()), (
        checked.output
    )
