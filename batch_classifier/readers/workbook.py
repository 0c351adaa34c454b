"""Workbooks: every sheet, with its first row that is not empty as the header."""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from batch_classifier.errors import UnreadableFile
from batch_classifier.readers.cell_text import cell_text
from batch_classifier.readers.file_kind import find_kind
from batch_classifier.readers.rows import Block, BlockBuilder, is_blank, unique_names

MOST_CELLS = 60_000_000
# Bytes of an XLSX workbook's sheets and shared strings, unpacked. calamine takes twice that in memory, and with this much a run
# stays under 500 MB: it is about 100,000 rows of 1.5 KB.
MOST_BYTES_IN_MEMORY = 165_000_000
_CONTENT = re.compile(r"xl/(worksheets/[^/]+|sharedStrings)\.xml")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


def read_workbook(file: BinaryIO, name: str) -> Iterator[Block]:
    """Yield the rows of all sheets of a workbook; the sheet's name is their part.

    Empty cells and cells with an error (`#N/A`) are missing values; of merged cells the first has the value. A sheet is in
    memory as a whole while it is read, but for a large XLSX workbook, which is read row by row.

    Raises:
        UnreadableFile: the file is not a workbook, is damaged, or is protected by a password.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    _check_is_workbook(file, name)
    if _content_bytes(file) > MOST_BYTES_IN_MEMORY:
        yield from _read_streamed(file, name)
        return
    file.seek(0)
    try:
        with CalamineWorkbook.from_filelike(file) as workbook:
            for place, found in enumerate(workbook.sheets_metadata):
                if found.typ == SheetTypeEnum.WorkSheet:
                    sheet = workbook.get_sheet_by_index(place)
                    yield from _read_sheet(sheet.name, sheet.iter_rows())
    except PasswordError as error:
        raise _protected(name) from error
    except CalamineError as error:
        raise _damaged(name, error) from error
    except BaseException as error:
        # calamine panics on some damaged files; the class of that can't be imported, and is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(name, error) from error


def _read_streamed(file: BinaryIO, name: str) -> Iterator[Block]:
    from batch_classifier.readers.workbook_streamed import DAMAGES, sheets

    try:
        for title, rows in sheets(file):
            yield from _read_sheet(title, rows)
    except DAMAGES as error:
        raise _damaged(name, error) from error


def _read_sheet(title: str, rows: Iterable[Iterable[object]]) -> Iterator[Block]:
    """The rows below the first that is not empty, which is the header; a row may be longer than that."""
    header: list[str | None] = []
    names: list[str] = []
    builder = BlockBuilder()
    for values in rows:
        cells = [cell_text(value) or None for value in values]
        if not names:
            if not is_blank(cells):
                header, names = cells, unique_names(cells)
                builder = BlockBuilder(_named(header, names), part=title)
            continue
        if len(cells) > len(names):
            header += [None] * (len(cells) - len(names))
            names = unique_names(header)
        builder.add({column: cell for column, cell in zip(names, cells, strict=False) if cell})
        if builder.is_full:
            yield builder.take()
    if len(builder):
        yield builder.take()


def _named(header: list[str | None], names: list[str]) -> list[str]:
    """The columns that every row has: those from the first to the last that the header names."""
    named = [place for place, cell in enumerate(header) if cell and not cell.isspace()]
    return names[named[0] : named[-1] + 1]


def _check_is_workbook(file: BinaryIO, name: str) -> None:
    file.seek(0)
    head = file.read(1 << 12)
    if not head:
        raise UnreadableFile(f"'{name}' is empty: put a header and at least one row in it.")
    if head.startswith(b"PK"):
        _check_fits_memory(file, name)
    elif not head.startswith(b"\xd0\xcf\x11\xe0"):
        kind = find_kind(head) or "another kind of file, perhaps CSV,"
        raise UnreadableFile(f"'{name}' is {kind} and not a workbook: open it in Excel and save it as .xlsx.")
    elif _contains(file, _ENCRYPTED):
        raise _protected(name)


def _protected(name: str) -> UnreadableFile:
    return UnreadableFile(f"'{name}' is encrypted with a password: save it without one and drop it again.")


def _contains(file: BinaryIO, needle: bytes) -> bool:
    file.seek(0)
    overlap = b""
    while data := file.read(1 << 20):
        if needle in overlap + data:
            return True
        overlap = data[-len(needle) :]
    return False


def _check_fits_memory(file: BinaryIO, name: str) -> None:
    """Check the size that each sheet gives for itself: one stray cell in the last corner makes gigabytes of empty ones."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.namelist():
                if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", member):
                    continue
                with archive.open(member) as sheet:
                    found = _DIMENSION.search(sheet.read(1 << 12))
                if found and _cells(*found.groups()) > MOST_CELLS:
                    raise UnreadableFile(
                        f"'{name}' has a sheet that reaches from {found[1].decode()}{found[2].decode()} to "
                        f"{found[3].decode()}{found[4].decode()}: delete what is far away from the table, or save it as CSV."
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(name, error) from error


def _content_bytes(file: BinaryIO) -> int:
    """Bytes of the sheets and shared strings of an XLSX workbook, unpacked; 0 for other kinds."""
    file.seek(0)
    if not zipfile.is_zipfile(file):
        return 0
    with zipfile.ZipFile(file) as archive:
        return sum(member.file_size for member in archive.infolist() if _CONTENT.fullmatch(member.filename))


def _cells(first_column: bytes, first_row: bytes, last_column: bytes, last_row: bytes) -> int:
    return (int(last_row) - int(first_row) + 1) * (_column_number(last_column) - _column_number(first_column) + 1)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _damaged(name: str, error: BaseException) -> UnreadableFile:
    reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
    return UnreadableFile(
        f"'{name}' cannot be read as a workbook ({reason}): save it again in Excel as .xlsx and drop the whole file again."
    )
