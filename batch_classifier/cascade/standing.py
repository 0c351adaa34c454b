"""Where the cascade of a prompt version and model stands, in notes of the internal folder: what was decided, and whether it is off.

A note of a request file goes by a hash of its name, and none holds a text.
"""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from batch_classifier.cascade.evidence import AuditedFile
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import cascade_note_key

_AUDITS = "audits/"
_MOMENT = "%Y%m%dT%H%M%S%fZ"
# Shares stand in names as millionths.
_WHOLE = 1_000_000


@dataclass(frozen=True)
class FileStanding:
    """What was decided for a request file.

    Attributes:
        drawn: the share of its texts that the model answers by chance, 0 to 1.
        is_sampling: whether only the sample was sent so far.
        batches: the local answers that were written for it: the name of each, and the id of the local model.
        local_share: the share of its texts that the local model may answer, those of chance included.
    """

    drawn: float
    is_sampling: bool = False
    batches: Mapping[str, str] = field(default_factory=dict)
    local_share: float = 0.0


@dataclass(frozen=True)
class Standing:
    """The notes of one prompt version and model. Another version or model has others, and so begins anew."""

    internal: Folder
    prompt: Prompt
    model_id: str

    def off(self) -> Mapping[str, Any] | None:
        """Why the cascade is off; None where it is on."""
        found: Mapping[str, Any] | None = self._read("off")
        return found

    def turn_off(self, request_file: str, **why: Any) -> None:
        """Send everything from now on; whoever turns it on again begins without the audits so far."""
        self.internal.write_bytes(self._key("off"), orjson.dumps({**why, "file": _hashed(request_file)}))
        for key in self._audits().values():
            self.internal.delete(key)

    def was_turned_off_by(self, request_file: str) -> bool:
        """Whether it was this file's audit that turned it off."""
        off = self.off()
        return off is not None and off.get("file") == _hashed(request_file)

    def note_audit(self, request_file: str, found: AuditedFile) -> None:
        """Keep what a file's audit counted, in the place of what it counted before."""
        there = self._audits()
        name = _hashed(request_file)
        before = there.get(name)
        moment = f"{datetime.datetime.now(datetime.UTC):{_MOMENT}}" if before is None else _parts(before)[0]
        counted = f"{found.audited}-{found.differing}-{round(found.local_share * _WHOLE)}"
        key = self._key(f"{_AUDITS}{moment}-{name}-{counted}")
        if key != before:
            self.internal.write_bytes(key, b"{}")
            if before is not None:
                self.internal.delete(before)

    def audits(self) -> list[AuditedFile]:
        """What the audits of all files counted, in the order in which they were first audited."""
        found = sorted(map(_parts, self._audits().values()))
        return [
            AuditedFile(int(share) / _WHOLE, int(audited), int(differing)) for _, _, audited, differing, share in found
        ]

    def _audits(self) -> dict[str, str]:
        """The keys of the notes of audits by the file's hash: what they count is in their names, so that one listing tells of all files."""
        folder = self._key(_AUDITS).removesuffix(".json")
        return {_parts(one.key)[1]: one.key for one in self.internal.list(folder)}

    def certificate(self) -> Mapping[str, Any] | None:
        """What the last file's texts were certified by, as `note_certificate` was told."""
        found: Mapping[str, Any] | None = self._read("certificate")
        return found

    def note_certificate(self, content: Mapping[str, Any]) -> None:
        """Keep what there is to show."""
        self.internal.write_bytes(self._key("certificate"), orjson.dumps(content))

    def of_file(self, request_file: str) -> FileStanding | None:
        """What was decided for a file; None where nothing was, and all its texts were sent."""
        found = self._read(f"files/{_hashed(request_file)}")
        return None if found is None else FileStanding(**found)

    def note_file(self, request_file: str, standing: FileStanding) -> None:
        """Keep what was decided for a file."""
        self.internal.write_bytes(self._key(f"files/{_hashed(request_file)}"), orjson.dumps(asdict(standing)))

    def _read(self, name: str) -> Any:
        content = self.internal.read_bytes(self._key(name))
        return None if content is None else orjson.loads(content)

    def _key(self, name: str) -> str:
        return cascade_note_key(self.prompt, _hashed(self.model_id), name)


def _parts(key: str) -> list[str]:
    """Of a note of an audit: the moment, the file's hash, and what was counted."""
    return key.rpartition("/")[2].removesuffix(".json").split("-")


def is_sampling(internal: Folder, prompt: Prompt, model_id: str, request_file: str) -> bool:
    """Whether only a sample of the file's texts was sent so far, so that bedrock_jsonl has to go on when it is answered."""
    if prompt.cascade is None:
        return False
    standing = Standing(internal, prompt, model_id)
    noted = standing.of_file(request_file)
    return noted is not None and noted.is_sampling and standing.off() is None


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
