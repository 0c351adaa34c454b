"""How a file that `classify` or the dashboard is given becomes a request file: under its own name, unless another file of that name is there.

Rows and results are known by the request file's name, so a second file of one name would take the place of the first one's.
The same content is a repeat. Other content asks at a terminal; where nobody can be asked it is refused, for a script that goes on
would read either the wrong results or none. `--replace` says beforehand that the new file takes the place of the old one.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES
from batch_classifier.requests.request_files import input_key
from batch_classifier.storage.file_name import fitting_name
from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.storage.local_folder import LocalFolder

_LOGGER = logging.getLogger(__name__)

_SECONDS_BETWEEN_TRIES = 0.1
# A wait that is shorter is not worth a word.
TOLD_AFTER_SECONDS = 5.0
_MARK_DIGITS = 8


class Wish(StrEnum):
    """What to do with a file whose name another one has."""

    REPLACE = "replace"
    BOTH = "both"
    STOP = "stop"


# Asked with a sentence that names both files, and the name that the new one would get beside the old one.
Ask = Callable[[str, str], Wish]


@contextmanager
def request_file_of(
    file: Path, prompt: Prompt, customer: Folder, locks: Path, ask: Ask | None, replace: bool = False
) -> Iterator[str]:
    """Bring a file into the prompt's folder unless it is there, and give its path below that folder, as long as it is worked on.

    Another command of this machine that works on a file of the same name is waited for, which is told after some seconds.

    Args:
        file: the file.
        prompt: whose folder it goes to.
        customer: the folder of request files.
        locks: a folder for what keeps commands apart.
        ask: asks a person what to do where another file has the name; None where nobody can be asked.
        replace: take the place of a file of that name without asking.

    Raises ClassifierError where another file has the name and stays.
    """
    with ExitStack() as held:
        inside = _path_inside(file, prompt, customer)
        name = inside or file.name
        held.enter_context(_alone(locks, prompt, name))
        if inside is None:
            chosen = _choose_name(file, prompt, customer, ask, replace)
            if chosen != name:
                held.enter_context(_alone(locks, prompt, chosen))
                name = chosen
            _put(file, customer, input_key(prompt.name, name), replace=replace or chosen == file.name)
        yield name


def _choose_name(file: Path, prompt: Prompt, customer: Folder, ask: Ask | None, replace: bool) -> str:
    found = customer.find(input_key(prompt.name, file.name))
    if found is None or replace or _is_same(file, customer, found):
        return file.name
    own_name = _own_name(file)
    beside = customer.find(input_key(prompt.name, own_name))
    if beside is not None and _is_same(file, customer, beside):
        return own_name
    sentence = (
        f"{file} is not the file that is classified under the name {file.name}: that is {customer.uri_of(found.key)} "
        f"({found.size:,} bytes, of {found.modified.astimezone():%Y-%m-%d %H:%M})"
    )
    wish = ask(f"{sentence}.", own_name) if ask is not None else Wish.STOP
    if wish is Wish.STOP:
        raise ClassifierError(
            f"{sentence}; rename the new file to have both, or start again with --replace to have it in the other's place."
        )
    return own_name if wish is Wish.BOTH else file.name


def _put(file: Path, customer: Folder, key: str, replace: bool) -> None:
    """Put the file in its place, unless it is there."""
    found = customer.find(key)
    if found is not None and _is_same(file, customer, found):
        return
    with customer.spool() as path:
        shutil.copyfile(file, path)
        if found is not None and replace:
            customer.publish(path, key)
        elif not customer.publish_new(path, key):
            # Put there in this moment, by another machine or by hand.
            raise ClassifierError(f"Another file has just been put at {customer.uri_of(key)}; start again.")


def _own_name(file: Path) -> str:
    """A name beside a file of the same name: from the content, so that the same file finds its name again."""
    with file.open("rb") as content:
        mark = hashlib.file_digest(content, "sha256").hexdigest()[:_MARK_DIGITS]
    suffix = next(known for known in SUPPORTED_SUFFIXES if file.name.lower().endswith(known))
    at = len(file.name) - len(suffix)
    return fitting_name(file.name[:at], f"-{mark}{file.name[at:]}")


def _path_inside(file: Path, prompt: Prompt, customer: Folder) -> str | None:
    """The file's path below the prompt's folder; None for one that is not there."""
    if not isinstance(customer, LocalFolder):
        return None
    inside = (customer.path / input_key(prompt.name, "")).resolve()
    path = file.resolve()
    return PurePosixPath(path.relative_to(inside)).as_posix() if path.is_relative_to(inside) else None


def _is_same(file: Path, customer: Folder, found: StoredFile) -> bool:
    if found.size != file.stat().st_size:
        return False
    with customer.read(found.key) as stored, file.open("rb") as given:
        while piece := given.read(1 << 20):
            if stored.read(len(piece)) != piece:
                return False
    return True


@contextmanager
def _alone(locks: Path, prompt: Prompt, name: str) -> Iterator[None]:
    """Hold what only one command of this machine has at a time for a request file; however it ends, it lets go."""
    locks.mkdir(parents=True, exist_ok=True)
    path = locks / f"{prompt.name}-{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"
    lock = FileLock(path, blocking=False, fallback_to_soft=False)
    began, told = time.monotonic(), False
    while True:
        try:
            held = lock.acquire()
            break
        except Timeout:
            if not told and time.monotonic() - began >= TOLD_AFTER_SECONDS:
                told = True
                _LOGGER.warning("Waiting for another command that classifies %s with the prompt %s.", name, prompt.name)
            time.sleep(_SECONDS_BETWEEN_TRIES)
    with held:
        yield
