"""Files that a command writes where a person wants them: looked at before the work, written whole or not at all."""

import secrets
import tempfile
from pathlib import Path

from batch_classifier.errors import ClassifierError
from batch_classifier.file_access import FileAccess


def check_target(target: Path) -> None:
    """Raise ClassifierError where a file cannot be written; told before all the work, not after it."""
    if target.is_dir():
        raise ClassifierError(f"{target} is a folder; name a file.")
    if not target.parent.is_dir():
        raise ClassifierError(
            f"There is no folder {target.parent} to write {target.name} in; make it, or name another."
        )
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise ClassifierError(f"{target} cannot be written: {error.strerror}; name another folder.") from error


def write_target(target: Path, content: bytes, access: FileAccess) -> None:
    """Write the file aside and put it in place; raises ClassifierError where that fails."""
    unfinished = target.parent / f".{secrets.token_hex(8)}.unfinished"
    try:
        # Under a name that nobody can foresee: a link that was put there is not followed.
        access.make_file(unfinished)
        unfinished.write_bytes(content)
        unfinished.replace(target)
    except OSError as error:
        raise ClassifierError(f"{target} cannot be written: {error.strerror}; name another file.") from error
    finally:
        unfinished.unlink(missing_ok=True)
