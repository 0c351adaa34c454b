"""What a file is by its first bytes, to say so when it is not what its name says."""

import codecs
import re

from batch_classifier.errors import UnreadableFile

_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file, such as an .xls workbook",
    b"%PDF-": "a PDF",
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"\x1f\x8b": "a gzip file",
    b"BZh91AY&SY": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\x00": "an SQLite database",
    b"{\\rtf": "a rich text document",
}
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|head|\?xml)", re.IGNORECASE)
# Control characters that hardly ever stand in text; tab, line ends, escape and the separators of Unix may.
_CONTROLS = bytes([*range(8), *range(0x0E, 0x1B)])


def find_kind(head: bytes) -> str | None:
    """Return what a file is by its first bytes ("a PDF"), or None when that can't be told, as with plain text."""
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return kind
    return "a web page or an XML file" if _WEB_PAGE.match(head.removeprefix(b"\xef\xbb\xbf")) else None


def check_is_text(head: bytes, name: str, is_wide: bool) -> None:
    """Check that a file can be text; `is_wide` says that its encoding has NULs between letters.

    Raises:
        UnreadableFile: the file is of another kind, or binary.
    """
    kind = find_kind(head)
    if kind is not None:
        raise UnreadableFile(f"'{name}' is {kind} and not what its name says: export it as CSV, XLSX, JSON or Parquet.")
    # What is UTF-8 throughout is text, whatever control characters its cells hold; only NULs make a binary file of it, such as a tar.
    telling = b"\0" if _is_utf8(head) else _CONTROLS
    controls = len(head) - len(head.translate(None, telling))
    # A NUL or two in a short file are somebody's export; binary files have one control byte in ten, or more.
    if not is_wide and controls > 8 and controls > len(head) * 0.03:
        raise UnreadableFile(
            f"'{name}' holds binary data and not text as its name says: export it as CSV, XLSX, JSON or Parquet."
        )


def _is_utf8(head: bytes) -> bool:
    """Tell whether the start of a file is UTF-8; its last letter may be cut."""
    try:
        codecs.utf_8_decode(head, "strict", False)
    except UnicodeDecodeError:
        return False
    return True
