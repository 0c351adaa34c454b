"""What was forgotten of which request file, without its text: so that a file that still holds it does not bring it back.

A mark is a hash. The marks lie in a folder of their own that no retention clears away, one file for each request file:
`marks/<prompt>/<hash of the request file>.json`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from batch_classifier.storage.folder import Folder


@dataclass(frozen=True)
class Forgotten:
    """The marks of one request file: of whole records, of rows (a record with one certain text), and of the whole file."""

    records: frozenset[str] = frozenset()
    rows: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.records or self.rows)

    def covers(self, record_id: str, text_id: str | None) -> bool:
        """Whether a row with this record id and text was forgotten."""
        return record_mark(record_id) in self.records or row_mark(record_id, text_id) in self.rows


NOTHING = Forgotten()


def record_mark(record_id: str) -> str:
    """The mark of a record, whatever its text."""
    return _hash("record", record_id)


def row_mark(record_id: str, text_id: str | None) -> str:
    """The mark of a record with this text."""
    return _hash("row", record_id, text_id or "")


def file_mark(fingerprint: str) -> str:
    """The mark of a request file with this content."""
    return _hash("file", fingerprint)


def note_forgotten(
    kept: Folder,
    prompt: str,
    request_file: str,
    records: Iterable[str] = (),
    rows: Iterable[str] = (),
    files: Iterable[str] = (),
) -> None:
    """Add marks to those of a request file."""
    there = forgotten_of(kept, prompt, request_file)
    marks = {
        "records": sorted(there.records.union(records)),
        "rows": sorted(there.rows.union(rows)),
        "files": sorted(there.files.union(files)),
    }
    kept.write_bytes(_key(prompt, request_file), orjson.dumps(marks))


def forgotten_of(kept: Folder, prompt: str, request_file: str) -> Forgotten:
    """The marks of a request file."""
    content = kept.read_bytes(_key(prompt, request_file))
    if content is None:
        return NOTHING
    return Forgotten(**{kind: frozenset(marks) for kind, marks in orjson.loads(content).items()})


def is_file_forgotten(kept: Folder, prompt: str, request_file: str, fingerprint: str) -> bool:
    """Whether a request file was forgotten as it is now; one of other content is a new one."""
    return file_mark(fingerprint) in forgotten_of(kept, prompt, request_file).files


def _key(prompt: str, request_file: str) -> str:
    return f"marks/{prompt}/{hashlib.sha256(request_file.encode()).hexdigest()[:32]}.json"


def _hash(*parts: str) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]
