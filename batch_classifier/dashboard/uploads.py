"""A file that somebody has dropped on the page, or texts that were pasted, until it is a request file."""

import csv
import hashlib
import re
import shutil
import time
from pathlib import Path

from batch_classifier.dashboard.project import customer_folder, settings
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.incoming_file import Wish, request_file_of
from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES, is_supported
from batch_classifier.requests.request_files import input_key
from batch_classifier.wording import fit_line

_KEPT_SECONDS = 24 * 3_600
_LONGEST_NAME = 150
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def keep_upload(name: str, content: bytes) -> Path:
    """Put what was uploaded aside, in a folder of its own; raises ClassifierError for a name of a format that cannot be read."""
    clean = _NOT_IN_NAMES.sub("_", Path(name).name)[-_LONGEST_NAME:]
    if not is_supported(clean):
        raise ClassifierError(
            f"{fit_line(name, _LONGEST_NAME)} is of no format that can be read; those are {', '.join(SUPPORTED_SUFFIXES)}."
        )
    folder = _folder() / hashlib.sha256(clean.encode() + b"\0" + content).hexdigest()[:16]
    path = folder / clean
    if not path.is_file():
        settings().file_access.make_folder(folder)
        settings().file_access.make_file(path)
        path.write_bytes(content)
    return path


def keep_pasted(prompt: Prompt, texts: str, name: str) -> Path:
    """The same for texts that were pasted, one a line, as a CSV file with the prompt's column of texts."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", texts) if line.strip()]
    path = _folder() / "pasted.csv"
    settings().file_access.make_folder(path.parent)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([prompt.input.text])
        writer.writerows([line] for line in lines)
    try:
        return keep_upload(f"{name}.csv", path.read_bytes())
    finally:
        path.unlink()


def put_in_place(path: Path, prompt: Prompt, wish: Wish) -> tuple[str, Path]:
    """Put it where request files go; returns its name there, and a path of that name to classify.

    Where another file has its name, `wish` says what to do. Raises ClassifierError where that is to stop.
    """
    customer = customer_folder()
    with request_file_of(
        path, prompt, customer, settings().home / "locks", lambda _told, _own: wish, replace=wish is Wish.REPLACE
    ) as request_file:
        if path.name != request_file:
            # Named as it is there: the command finds that it is the same file, and goes on.
            named = path.with_name(request_file)
            shutil.copyfile(path, named)
            path = named
    return request_file, path


def path_to_classify(prompt: Prompt, request_file: str) -> Path | None:
    """A path by which the command `classify` finds a request file that is in place; None where it is gone, or in a folder on S3."""
    key = input_key(prompt.name, request_file)
    inside = settings().home / key
    if inside.is_file():
        return inside
    customer = customer_folder()
    if "/" in request_file or customer.find(key) is None:
        return None
    folder = _folder() / hashlib.sha256(key.encode()).hexdigest()[:16]
    settings().file_access.make_folder(folder)
    path = folder / request_file
    settings().file_access.make_file(path)
    with customer.read(key) as stored, path.open("wb") as file:
        shutil.copyfileobj(stored, file)
    return path


def _folder() -> Path:
    """Where uploads wait; those of more than a day ago are removed."""
    folder = settings().home / "dashboard" / "uploads"
    settings().file_access.make_folder(folder)
    for old in folder.iterdir():
        if old.is_dir() and time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return folder
