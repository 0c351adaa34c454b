"""The tokens that a batch job as a whole reports: they are what is billed, also where a line of its answers cannot be read."""

import msgspec

from batch_classifier.storage.folder import Folder

_MANIFEST = "/manifest.json.out"


class _Manifest(msgspec.Struct):
    inputTokenCount: int = 0
    outputTokenCount: int = 0


def reported_tokens(folder: Folder, output_key: str) -> tuple[int, int] | None:
    """Tokens read and written by the job's manifest; None where there is none that tells them, as with answers on demand."""
    for file in folder.list(f"{output_key}/"):
        if not file.key.endswith(_MANIFEST):
            continue
        content = folder.read_bytes(file.key)
        try:
            manifest = msgspec.json.decode(content or b"{}", type=_Manifest)
        except msgspec.DecodeError:
            return None
        told = (manifest.inputTokenCount, manifest.outputTokenCount)
        return told if all(told) else None
    return None
