"""`batch-classifier ui` starts Dagster at its own address, or says in a sentence why it cannot."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from batch_classifier.command_line import ui
from batch_classifier.command_line.main import command_line
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.repository import REPOSITORY

START_SECONDS = 50


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project, which is the current one; nothing of this machine's settings."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "prompts", tmp_path / "prompts")
    monkeypatch.chdir(tmp_path)
    for name in ("DAGSTER_HOME", "BATCH_CLASSIFIER_UI_HOST", "BATCH_CLASSIFIER_UI_PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    # What a shell may have set for other programs.
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "80")
    return tmp_path


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Started(Exception):
    """Dagster would take the place of this process now."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The commands that took the place of this process."""
    commands: list[list[str]] = []

    def become(program: str, arguments: list[str]) -> None:
        commands.append(arguments)
        raise Started

    monkeypatch.setattr(os, "execv", become)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield commands
    for number, handler in before.items():
        signal.signal(number, handler)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command_line, ["ui", *arguments])


def told(result: Result) -> str:
    """The sentence that it ends with."""
    assert result.exit_code == 1 and result.output.startswith("Error: ") and is_one_sentence(result.output.rstrip("\n"))
    return result.output


def address_of(command: list[str]) -> tuple[str, str]:
    return command[command.index("--host") + 1], command[command.index("--port") + 1]


def test_it_listens_on_this_machine_only_whatever_the_shell_says(
    project: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "require_free", lambda host, port: None)
    assert isinstance(run().exception, Started)
    assert address_of(started[0]) == ("127.0.0.1", "3000")
    assert os.environ["DAGSTER_HOME"] == str(project)
    assert sorted(path.name for path in (project / "data" / "input_data").iterdir()) == sorted(
        path.stem for path in (project / "prompts").iterdir()
    )


def test_settings_and_options_choose_the_address(started: list[list[str]], port: int, project: Path) -> None:
    (project / ".env").write_text(f"BATCH_CLASSIFIER_UI_HOST=localhost\nBATCH_CLASSIFIER_UI_PORT={port}\n")
    run()
    opened = run("--host", "0.0.0.0")
    assert [address_of(command) for command in started] == [("localhost", str(port)), ("0.0.0.0", str(port))]
    assert "no sign-in" in opened.output
    os.environ.pop("BATCH_CLASSIFIER_UI_HOST")
    os.environ.pop("BATCH_CLASSIFIER_UI_PORT")


@pytest.mark.parametrize("taken", ["127.0.0.1", "0.0.0.0", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_port_in_use_is_told_before_dagster_starts(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, taken: str, host: str
) -> None:
    with socket.socket(socket.AF_INET6 if ":" in taken else socket.AF_INET) as other:
        other.bind((taken, 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("BATCH_CLASSIFIER_UI_PORT", str(port))
        said = told(run("--host", host))
    assert f"Port {port} of {host} is in use by another program" in said and "BATCH_CLASSIFIER_UI_PORT" in said
    assert not started


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1", "h" * 300])
def test_an_address_of_elsewhere_is_told(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, host: str, port: int
) -> None:
    monkeypatch.setattr(ui, "_ANSWER_SECONDS", 0.05)
    assert "BATCH_CLASSIFIER_UI_HOST" in told(run("--host", host, "--port", str(port))) and not started


def test_a_port_that_is_no_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_UI_PORT", "70000")
    assert "BATCH_CLASSIFIER_UI_PORT" in told(run())


def test_what_is_missing_is_told(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, project: Path, port: int
) -> None:
    (project / "data").write_text("no folder")
    assert "cannot be made" in told(run("--port", str(port)))
    (project / "workspace.yaml").unlink()
    assert "workspace.yaml" in told(run("--port", str(port)))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "batch-classifier[ui]" in told(run("--port", str(port)))
    assert not started


def test_make_starts_it_by_names_of_our_own() -> None:
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "ui", "HOST=0.0.0.0", "PORT=80"]
    printed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    assert printed == ".venv/bin/batch-classifier ui\n"


def test_the_ui_answers_without_a_word_about_a_home_and_ends_by_an_interrupt(project: Path, port: int) -> None:
    with (project / "output.txt").open("wb") as output:
        command = [sys.executable, "-m", "batch_classifier.command_line.main", "ui", "--port", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=_ignore_interrupts)
        try:
            answer = _answer(process, f"http://127.0.0.1:{port}/server_info")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(START_SECONDS)
            finally:
                process.kill()
    said = (project / "output.txt").read_text()
    assert b"dagster_version" in answer, said
    assert "DAGSTER_HOME" not in said and "temporary" not in said and "superseded" not in said
    assert (project / "data" / "dagster" / "history").is_dir()


def _ignore_interrupts() -> None:
    """As a shell script does for what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _answer(process: "subprocess.Popen[bytes]", url: str) -> bytes:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return bytes(response.read())
        except OSError:
            time.sleep(0.2)
    return b""
