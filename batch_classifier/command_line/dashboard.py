"""`batch-classifier dashboard`: Streamlit with the dashboard's pages, once it is certain that it can start."""

import importlib.util
import os
import sys
from pathlib import Path

import batch_classifier
from batch_classifier.command_line.process_files import files_as_set
from batch_classifier.command_line.ui import become, is_loopback, require_free
from batch_classifier.errors import ClassifierError
from batch_classifier.settings import load_settings

_APP = Path(batch_classifier.__file__).parent / "dashboard" / "app.py"
# Streamlit keeps an upload in memory; what is larger is dropped into the folder.
_MOST_UPLOADED_MB = 200
_OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": str(_MOST_UPLOADED_MB),
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    # Its tables would be written out without a `'` before formulas; the page has buttons of its own.
    "client.disableDataExport": "true",
    "client.showErrorLinks": "false",
    "runner.magicEnabled": "false",
    "logger.level": "warning",
    "theme.light.primaryColor": "#2563eb",
    "theme.dark.primaryColor": "#346fe8",
    "theme.headingFontSizes": "2rem,1.25rem,1.1rem",
}


def start_dashboard(host: str | None, port: int | None) -> int:
    """Become Streamlit at this address, by default the settings'; raises ClassifierError where that cannot start."""
    settings = load_settings()
    host, port = host or settings.dashboard_host, port or settings.dashboard_port
    if importlib.util.find_spec("streamlit") is None:
        raise ClassifierError("The dashboard needs the package streamlit; install batch-classifier[dashboard].")
    require_free(host, port, "DASHBOARD")
    has_sign_in = any(
        place.is_file() for place in (Path(".streamlit/secrets.toml"), Path.home() / ".streamlit" / "secrets.toml")
    )
    if not is_loopback(host) and not has_sign_in:
        print(f"The dashboard has no sign-in: whoever reaches {host}:{port} may read texts and correct classes.")
    shown = "localhost" if is_loopback(host) else host
    print(f"The dashboard: http://{shown}:{port}")
    options = {**_OPTIONS, "server.address": host, "server.port": str(port)}
    # Of Streamlit's own settings of this machine none is to bring back what is switched off here.
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(_APP),
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
    sys.stdout.flush()
    with files_as_set(settings.file_access):
        return become(command)
