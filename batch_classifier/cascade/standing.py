"""Where the cascade of a prompt version and model stands, in notes of the internal folder: what was decided, and whether it is off.

A note of a request file goes by a hash of its name, and none holds a text.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import cascade_note_key


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

    def turn_off(self, **why: Any) -> None:
        """Send everything from now on."""
        self.internal.write_bytes(self._key("off"), orjson.dumps(why))

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


def is_sampling(internal: Folder, prompt: Prompt, model_id: str, request_file: str) -> bool:
    """Whether only a sample of the file's texts was sent so far, so that bedrock_jsonl has to go on when it is answered."""
    if prompt.cascade is None:
        return False
    standing = Standing(internal, prompt, model_id)
    noted = standing.of_file(request_file)
    return noted is not None and noted.is_sampling and standing.off() is None


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
