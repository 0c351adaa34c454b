"""A large XLSX workbook as a row of small ones, each with some rows of one sheet, so that no more than these are in memory.

calamine reads a sheet as a whole, in twice the memory of its cells. A workbook that keeps its texts as shared strings is left
whole: any row may refer to any of them, so that each piece would need them all.
"""

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.requests.readers.workbook_reach import check_reach, check_reach_of_member

# Bytes of sheets, unpacked, from which on a workbook is cut; and of a piece's rows.
MOST_BYTES_IN_MEMORY = 32_000_000
PIECE_BYTES = 1 << 21
_MOST_SHARED_BYTES = 1 << 24
# What a damaged archive raises: where it sends zipfile to a place before the file's start, an OSError or a ValueError, by the kind of the file.
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, struct.error, ElementTree.ParseError, ExpatError),
    *(EOFError, LookupError, ValueError, OverflowError, OSError),
)
_READ_BYTES = 1 << 20
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_ROWS_START = re.compile(rb"<(\w+:)?sheetData\s*>")


def is_to_be_cut(file: BinaryIO) -> bool:
    """Whether this is an XLSX workbook with large sheets and not too many shared strings."""
    file.seek(0)
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        sheets = sum(member.file_size for member in archive.infolist() if _SHEET.fullmatch(member.filename))
        return sheets > MOST_BYTES_IN_MEMORY and _shared_bytes(archive) <= _MOST_SHARED_BYTES


def _shared_bytes(archive: zipfile.ZipFile) -> int:
    return sum(member.file_size for member in archive.infolist() if member.filename == "xl/sharedStrings.xml")


def pieces(file: BinaryIO, place: int, name: str, limits: Limits) -> Iterator[BinaryIO]:
    """Workbooks that have the same sheets, and rows only in the sheet at `place` (0 for the first): each the next ones.

    Where the sheet's file is not of the usual form, the only piece is the file itself. Raises one of `DAMAGES` for a
    damaged file, and UnreadableFile for cells that reach too far or a row that does not end, perhaps in the middle.
    """
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        sheet_file = _sheet_file(archive, place)
        with archive.open(sheet_file) as sheet:
            start = sheet.read(_READ_BYTES)
            found = _ROWS_START.search(start)
            if found is None:
                with archive.open(sheet_file) as whole:
                    check_reach_of_member(whole, name)
                yield file
                return
            common = _common_files(archive)
            # Every piece reads the shared strings anew: the more there are, the fewer pieces.
            size = max(PIECE_BYTES, _shared_bytes(archive))
            # As a row is written, with tags and escapes, most of which may be one cell.
            for rows in _cut(sheet, found, size, 4 * limits.cell_bytes):
                if rows is None:
                    raise UnreadableFile(
                        f"'{name}' has a row of more than {4 * limits.cell_bytes:,} bytes: check where it comes from, and raise "
                        "BATCH_CLASSIFIER_MAX_CELL_BYTES if it is right."
                    )
                check_reach(rows, name)
                yield _workbook({**common, sheet_file: rows})


def _sheet_file(archive: zipfile.ZipFile, place: int) -> str:
    """The name of a sheet's file. Whether the workbook is a strict one shows in its namespaces, which are left out here."""
    sheets = [one for one in _element(archive.read("xl/workbook.xml")).iter() if _name(one.tag) == "sheet"]
    relation = next((value for key, value in sheets[place].attrib.items() if key.endswith("}id")), "")
    relations = _element(archive.read("xl/_rels/workbook.xml.rels"))
    target = {one.attrib["Id"]: one.attrib["Target"] for one in relations}[relation]
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _element(content: bytes) -> ElementTree.Element:
    # expat opens no other file, and stops at entities that unfold without end.
    return ElementTree.fromstring(content)  # noqa: S314


def _name(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _cut(sheet: IO[bytes], found: re.Match[bytes], size: int, longest_row: int) -> Iterator[bytes | None]:
    """The sheet in parts of about `size` bytes that end with a row; None, and nothing more, when a row is too long.

    `found` is where its rows begin, in what was read of it already.
    """
    start = found.string
    prefix = found[1] or b""
    head, rows = start[: found.end()], bytearray(start[found.end() :])
    tail = b"</%bsheetData></%bworksheet>" % (prefix, prefix)
    row_end = b"</%brow>" % prefix
    more = b"more"
    searched = 0
    while more:
        more = sheet.read(size)
        rows += more
        # A less-than sign in a cell is written otherwise, so this is the end of a row.
        end = rows.rfind(row_end, searched) + len(row_end) if more else len(rows)
        if end >= len(row_end):
            yield head + rows[:end] + (tail if more else b"")
            del rows[:end]
            searched = 0
        elif len(rows) > longest_row:
            yield None
            return
        else:
            searched = max(0, len(rows) - len(row_end))


def _common_files(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """All that is not a sheet, a picture or the like."""
    names = [
        name
        for name in archive.namelist()
        if re.fullmatch(r"(\[Content_Types\]|_rels/.*|xl/[^/]+|xl/_rels/[^/]+)(\.xml|\.rels)", name)
    ]
    return {name: archive.read(name) for name in names}


def _workbook(files: dict[str, bytes]) -> BinaryIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    content.seek(0)
    return content
