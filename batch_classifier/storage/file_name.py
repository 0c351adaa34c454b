"""Names of files as every file system takes them."""

import hashlib

# Linux and S3's tools count bytes of UTF-8; macOS and Windows count UTF-16 units, of which a name has no more.
LONGEST_NAME_BYTES = 255
_MARK_BYTES = 9


def fitting_name(stem: str, suffix: str) -> str:
    """The name of both, whose stem is cut where it is too long; what tells it from others cut alike is a hash of the whole."""
    name = f"{stem}{suffix}"
    if len(name.encode()) <= LONGEST_NAME_BYTES:
        return name
    room = LONGEST_NAME_BYTES - len(suffix.encode()) - _MARK_BYTES
    mark = hashlib.sha256(stem.encode()).hexdigest()[: _MARK_BYTES - 1]
    return f"{stem.encode()[:room].decode(errors='ignore')}-{mark}{suffix}"
