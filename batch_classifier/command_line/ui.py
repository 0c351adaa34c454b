"""`batch-classifier ui`: Dagster's web interface and daemon on this machine, once it is certain that they can start."""

import errno
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from batch_classifier.command_line.process_files import files_as_set
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.requests.request_files import input_key
from batch_classifier.settings import Settings, load_settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.open_folder import open_folder

_ANSWER_SECONDS = 2.0


def start_ui(host: str | None, port: int | None) -> int:
    """Become `dagster dev` at this address, by default the settings'; raises ClassifierError where that cannot start."""
    settings = load_settings()
    host, port = host or settings.ui_host, port or settings.ui_port
    if importlib.util.find_spec("dagster_webserver") is None:
        raise ClassifierError("The UI needs the package dagster-webserver; install batch-classifier[ui].")
    if not Path("workspace.yaml").is_file():
        raise SettingError("There is no workspace.yaml in this folder; start the command in the project's folder.")
    require_free(host, port)
    _make_folders(settings)
    if not is_loopback(host):
        print(f"Dagster's UI has no sign-in: whoever reaches {host}:{port} can start runs and read texts.")
    # Dagster keeps its runs as the dagster.yaml of this folder says; without a home it warns that they are kept for a while only.
    os.environ.setdefault("DAGSTER_HOME", str(Path.cwd()))
    command = [
        sys.executable,
        "-W",
        "ignore:Function `dev_command` is superseded",
        "-m",
        "dagster",
        "dev",
        "--host",
        host,
        "--port",
        str(port),
    ]
    sys.stdout.flush()
    with files_as_set(settings.file_access):
        return become(command)


def become(command: list[str]) -> int:
    """Run a command in the place of this process, which can be interrupted then as if it had been started by itself."""
    # Dagster takes its time to end, and is waited for.
    signal.set_wakeup_fd(-1)
    if os.name != "posix":
        return subprocess.call(command)
    # A shell script starts what runs in its background with interrupts switched off, and Dagster would not end by one.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_DFL)
    os.execv(command[0], command)


def require_free(host: str, port: int, names: str = "UI") -> None:
    """Raise SettingError unless this machine can listen there and nobody does already; `names` begins the settings' names."""
    address, port_setting = f"BATCH_CLASSIFIER_{names}_HOST", f"BATCH_CLASSIFIER_{names}_PORT"
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise SettingError(f"{address} is {host!r}, which is no address of this machine.") from error
    in_use = SettingError(
        f"Port {port} of {host} is in use by another program; end that, or set {port_setting} to another port."
    )
    # A browser that is led to localhost tries both kinds of address, and would open the page of whoever listens at the other.
    is_local = is_loopback(host) or host in ("0.0.0.0", "::")  # noqa: S104 (nothing is bound to it)
    if any(_somebody_answers(one, port) for one in (("127.0.0.1", "::1") if is_local else (host,))):
        raise in_use
    for family, kind, protocol, _, place in addresses:
        with socket.socket(family, kind, protocol) as listening:
            if os.name == "posix":
                # As the web server does: connections of an earlier one that are still being closed are no hindrance.
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind(place)
                listening.listen(1)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise in_use from error
                raise SettingError(
                    f"The {'UI' if names == 'UI' else names.lower()} cannot listen on port {port} of {host}: {error.strerror}; "
                    f"correct {address} or {port_setting}."
                ) from error


def _somebody_answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), _ANSWER_SECONDS):
            return True
    except OSError:
        return False


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _make_folders(settings: Settings) -> None:
    """The folders to drop files into, one for each prompt."""
    customer = open_folder(settings.customer_location, settings.kms_key_id, settings.file_access)
    if not isinstance(customer, LocalFolder):
        return
    for name in load_prompts(settings.prompts).prompts:
        folder = customer.path / input_key(name, "")
        try:
            settings.file_access.make_folder(folder)
        except OSError as error:
            raise ClassifierError(
                f"{folder} cannot be made: {error.strerror}; change its permissions, or set BATCH_CLASSIFIER_HOME."
            ) from error
