"""Checks of what is on this machine: folders, prompt files, the DuckDB file."""

import tempfile
from pathlib import Path

from batch_classifier.deployment.verdicts import Verdict
from batch_classifier.errors import SettingError
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.inference.prompt_faults import prompt_faults
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import Settings


def check_folder(folder: Path, name: str) -> Verdict:
    """Whether files can be written to a folder; one that is not there yet counts by the folder it will be made in."""
    nearest = folder.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    try:
        with tempfile.TemporaryFile(prefix=".batch-classifier-doctor-", dir=nearest):
            pass
    except OSError as error:
        advice = "Change its owner or permissions, or set BATCH_CLASSIFIER_HOME to another folder."
        return Verdict(name, "fail", f"{nearest} cannot be written to: {error.strerror}.", advice)
    made = "can be written to" if nearest == folder.absolute() else "is made at the first run"
    return Verdict(name, "ok", f"{folder} {made}.")


def check_prompts(settings: Settings, name: str) -> Verdict:
    """Whether every prompt file is valid, and asks for nothing that its model cannot do."""
    folder = settings.prompts
    loaded = load_prompts(folder)
    if faults := prompt_faults(loaded, folder, _who_answers(settings)):
        return Verdict(name, "fail", " ".join(faults), "Mend the file; the other prompts work meanwhile.")
    if not loaded.prompts:
        return Verdict(name, "fail", f"{folder} has no prompt files.", "Add one, as in travel.yaml.")
    return Verdict(name, "ok", f"{', '.join(sorted(loaded.prompts))}.")


def _who_answers(settings: Settings) -> Inference | None:
    """The service of the settings; None where one is missing, of which the check of that setting tells."""
    try:
        return open_inference(settings)
    except SettingError:
        return None


def check_duckdb(file: Path, name: str) -> Verdict:
    """Whether the database file can be opened."""
    import duckdb

    if not file.exists():
        return Verdict(name, "ok", f"{file} is made at the first run.")
    try:
        with duckdb.connect(str(file)) as connection:
            connection.execute("select 1")
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        if "lock" in said:
            return Verdict(name, "warn", f"{file} is in use by another program.", "Try again when that is done.")
        return Verdict(name, "fail", f"{file} cannot be opened: {said}", "Restore the file, or move it away.")
    return Verdict(name, "ok", f"{file} can be opened.")
