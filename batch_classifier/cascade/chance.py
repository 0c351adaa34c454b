"""Which texts are drawn by chance: by a keyed hash of their ids, so that no text can be written that is sure to be left out.

The key is made once for each prompt and stays in the internal folder. A text has the same place in every file, and whatever is killed
and started again draws the same ones.
"""

import hashlib
import secrets

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import cascade_secret_key

_BYTES = 32


class Chance:
    """Gives each text a place from 0 to 1; those below a share are a sample of that share."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_prompt(cls, internal: Folder, prompt: Prompt) -> "Chance":
        """With the prompt's key, which is made where there is none; of several at once, all take the one that was first."""
        where = cascade_secret_key(prompt.name)
        if (key := internal.read_bytes(where)) is None:
            with internal.spool() as path:
                path.write_bytes(secrets.token_bytes(_BYTES))
                internal.publish_new(path, where)
            key = internal.read_bytes(where) or b""
        return cls(key)

    def place(self, text_id: str) -> float:
        """Where a text is, 0 to 1."""
        digest = hashlib.blake2b(text_id.encode(), digest_size=8, key=self._key).digest()
        # 53 bits: a float has no more, and 1 is never reached.
        return (int.from_bytes(digest, "big") >> 11) / (1 << 53)
