"""A file of a folder written anew without some of its lines or rows: aside, then in the place of the old one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from batch_classifier.storage.folder import Folder


@contextmanager
def rewriting(folder: Folder, key: str, is_rehearsal: bool) -> "Iterator[Rewriting]":
    """Read a file and write it anew. It takes the old one's place only where something was removed, and in no rehearsal."""
    with folder.spool() as path:
        with folder.read(key) as source, path.open("wb") as target:
            made = Rewriting(source, target)
            yield made
        if made.removed and not is_rehearsal:
            folder.publish(path, key)


class Rewriting:
    """A file to read from, one to write to, and how much was left out on the way."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self.source = source
        self.target = target
        self.removed = 0


def remove_lines(folder: Folder, key: str, is_unwanted: Callable[[bytes], bool], is_rehearsal: bool) -> int:
    """Remove the lines of a JSONL file or a list that are unwanted; returns how many there are."""
    return change_lines(folder, key, lambda line: None if is_unwanted(line) else line, is_rehearsal)


def change_lines(folder: Folder, key: str, changed: Callable[[bytes], bytes | None], is_rehearsal: bool) -> int:
    """Put what `changed` makes of each line in its place, None to remove it; returns how many lines are not as they were."""
    with rewriting(folder, key, is_rehearsal) as file:
        for line in file.source:
            new = changed(line)
            file.removed += new != line
            if new is not None:
                file.target.write(new)
    return file.removed
