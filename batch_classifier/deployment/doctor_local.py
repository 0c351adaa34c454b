"""Checks of what is on this machine: folders, prompt files, the DuckDB file."""

import tempfile
from pathlib import Path

from batch_classifier.deployment.verdicts import Verdict
from batch_classifier.errors import PromptError
from batch_classifier.inference.bedrock.model_requests import check_model
from batch_classifier.prompts.loading import load_prompts


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


def check_prompts(folder: Path, inference: str, name: str) -> Verdict:
    """Whether every prompt file is valid; with Bedrock also whether its model can do what it asks for."""
    loaded = load_prompts(folder)
    errors = [str(error) for error in loaded.errors]
    for prompt in loaded.prompts.values() if inference == "bedrock" else ():
        try:
            check_model(prompt)
        except PromptError as error:
            errors.append(f"{folder / prompt.name}.yaml: {error}")
    if errors:
        return Verdict(name, "fail", " ".join(errors), "Mend the file; the other prompts work meanwhile.")
    if not loaded.prompts:
        return Verdict(name, "fail", f"{folder} has no prompt files.", "Add one, as in travel.yaml.")
    return Verdict(name, "ok", f"{', '.join(sorted(loaded.prompts))}.")


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
