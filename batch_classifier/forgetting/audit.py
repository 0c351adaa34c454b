"""What is kept of a forgetting: a line in a file that stays, and while it is under way a note by which it is finished.

Neither holds a text or a record id; of the key there is a hash, by which one who knows the key can prove that it was forgotten.
The note names the request files, the line does not.
"""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.wanted import Wanted

AUDIT = "forgotten.jsonl"
_PENDING = "pending/"


@dataclass
class Forgetting:
    """A forgetting that has begun.

    Attributes:
        kind: what kind of key it was.
        key_sha256: hash of kind and key.
        who: the user who began it.
        began_at: when, in UTC.
        counts: what was found, by place.
        request_files: the files of each prompt that have rows to delete; dropped when it is over.
        text_ids: the texts by which results of queries are cleared away; dropped when it is over.
    """

    kind: str
    key_sha256: str
    who: str
    began_at: str
    counts: dict[str, int] = field(default_factory=dict)
    request_files: dict[str, list[str]] = field(default_factory=dict)
    text_ids: list[str] = field(default_factory=list)


def key_hash(wanted: Wanted) -> str:
    """The hash that stands for a key."""
    return hashlib.sha256(orjson.dumps([str(wanted.kind), wanted.value])).hexdigest()


def begin(kept: Folder, wanted: Wanted, who: str, now: datetime.datetime) -> Forgetting:
    """Take up what was interrupted for this key, or begin."""
    content = kept.read_bytes(_pending_key(key_hash(wanted)))
    if content is not None:
        return Forgetting(**orjson.loads(content))
    return Forgetting(str(wanted.kind), key_hash(wanted), who, now.isoformat(timespec="seconds"))


def is_pending(kept: Folder, wanted: Wanted) -> bool:
    """Whether a forgetting by this key was interrupted."""
    return kept.find(_pending_key(key_hash(wanted))) is not None


def others_pending(kept: Folder, wanted: Wanted) -> list[Forgetting]:
    """The forgettings by other keys that were interrupted."""
    own = _pending_key(key_hash(wanted))
    contents = [kept.read_bytes(file.key) for file in list(kept.list(_PENDING)) if file.key != own]
    return [Forgetting(**orjson.loads(content)) for content in contents if content is not None]


def note(kept: Folder, forgetting: Forgetting) -> None:
    """Note how far it is."""
    kept.write_bytes(_pending_key(forgetting.key_sha256), orjson.dumps(asdict(forgetting)))


def finish(kept: Folder, forgetting: Forgetting, now: datetime.datetime) -> None:
    """Add the line to the audit file, and drop the note."""
    line: Mapping[str, Any] = {
        "began_at": forgetting.began_at,
        "finished_at": now.isoformat(timespec="seconds"),
        "who": forgetting.who,
        "key": forgetting.kind,
        "key_sha256": forgetting.key_sha256,
        "counts": forgetting.counts,
    }
    earlier = kept.read_bytes(AUDIT) or b""
    kept.write_bytes(AUDIT, earlier + orjson.dumps(line) + b"\n")
    kept.delete(_pending_key(forgetting.key_sha256))


def _pending_key(digest: str) -> str:
    return f"{_PENDING}{digest[:32]}.json"
