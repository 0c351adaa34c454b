"""The package can be imported on every system that it may be installed on."""

import subprocess
import sys
from pathlib import Path

# Modules of the standard library that Windows does not have (https://docs.python.org/3/library/, "Availability: Unix").
PROGRAM = """
import builtins, importlib, pkgutil

MISSING = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty"}
given_import = builtins.__import__


def import_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):
    # Other packages know what system this is, and may use what it has.
    importer = (globals or {}).get("__name__", "")
    if level == 0 and name in MISSING and importer.partition(".")[0] == "batch_classifier":
        raise ModuleNotFoundError(f"No module named {name!r}, imported by {importer}")
    return given_import(name, globals, locals, fromlist, level)


builtins.__import__ = import_as_on_windows
import batch_classifier

names = [module.name for module in pkgutil.walk_packages(batch_classifier.__path__, "batch_classifier.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_every_module_can_be_imported_without_what_windows_lacks(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
