"""The name of a batch: from its content, so that whoever makes it again finds the job that was submitted for it."""

import re
from collections.abc import Collection

_DIGITS = 16


def batch_name(sha256: str, settled: Collection[str]) -> str:
    """The name of a batch whose file has this SHA-256: the same for the same content, but a new one once its answers were read.

    Texts that failed and are asked again make the same file; under the old name their old job would be adopted.

    Args:
        sha256: hash of the file, as hex digits.
        settled: names of the batches whose answers the tables have.
    """
    stem = sha256[:_DIGITS]
    rounds = [int(match[1] or 1) for name in settled if (match := re.fullmatch(rf"{stem}(?:-(\d+))?", name))]
    return f"{stem}-{max(rounds) + 1}" if rounds else stem
