"""The Dagster instance that keeps a project's runs, as commands and the dashboard open it."""

import importlib.util
import os
import re
from pathlib import Path

import dagster as dg

from batch_classifier.errors import SettingError


def project_instance() -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME, or of the dagster.yaml in this folder; raises SettingError when there is neither."""
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    if not Path("dagster.yaml").is_file():
        raise SettingError(
            "There is no dagster.yaml in this folder; start the command in the project's folder, or make one with `batch-classifier init`."
        )
    _check_modules(Path("dagster.yaml"))
    return dg.DagsterInstance.from_config(".")


def _check_modules(file: Path) -> None:
    """Raise SettingError where a dagster.yaml names a module of ours that has moved; Dagster would end with a stack trace."""
    for module in re.findall(
        r"^\s*module:\s*(batch_classifier\.[\w.]+)", file.read_text(encoding="utf-8"), re.MULTILINE
    ):
        try:
            is_there = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:
            is_there = False
        if not is_there:
            new = f"batch_classifier.defs.event_log.{module.rpartition('.')[2]}"
            raise SettingError(f"{file} names the module {module}, which has moved; write {new} there.")
