"""Workbooks: every sheet, with its first row that is not empty as the header."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.parsers.expat import ParserCreate

import pyarrow as pa

from batch_classifier.errors import UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.record_batches import ROWS_AT_ONCE
from batch_classifier.requests.readers.cell_text import cell_text
from batch_classifier.requests.readers.compound_file import SIGNATURE, EndlessChain, check_chains
from batch_classifier.requests.readers.own_workbook import SUMMARY_MARK, may_be_results
from batch_classifier.requests.readers.rows import (
    CELLS_AT_ONCE,
    Block,
    is_blank,
    string_array,
    unique_names,
    without_blank_rows,
)
from batch_classifier.requests.readers.signatures import find_kind
from batch_classifier.requests.readers.workbook_pieces import DAMAGES, is_to_be_cut, pieces
from batch_classifier.requests.readers.workbook_reach import check_reach_of_member

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

# What calamine, or this, parses of an archive; pictures and the like may be as they are.
_PARSED = (".xml", ".rels", ".bin")
# Where a workbook of OpenOffice has its sheets.
_OPEN_DOCUMENT = "content.xml"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_workbook(file: BinaryIO, name: str, limits: Limits) -> Iterator[Block]:
    """Yield the rows of all sheets of a workbook; the sheet's name is their part.

    Empty cells and cells with an error (`#N/A`) are missing values; of merged cells the first has the value. A sheet is in
    memory as a whole while it is read, but for a large XLSX workbook without many shared strings, which is read in pieces. The
    summary of a workbook of results is passed over (see `own_workbook`).

    Raises:
        UnreadableFile: the file is not a workbook, is damaged, is protected by a password, or is larger than the limits allow.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    _check_is_workbook(file, name, limits)
    is_large = is_to_be_cut(file)
    file.seek(0)
    try:
        with CalamineWorkbook.from_filelike(file) as workbook:
            may_have_summary = may_be_results(workbook.sheet_names)
            for place, sheet in enumerate(workbook.sheets_metadata):
                if sheet.typ == SheetTypeEnum.WorkSheet:
                    runs = (
                        _runs_of_pieces(file, place, name, limits)
                        if is_large
                        else _runs(workbook.get_sheet_by_index(place))
                    )
                    if place == 0 and may_have_summary:
                        first = next(runs, [])
                        if first and first[0][:1] == [SUMMARY_MARK]:
                            continue
                        runs = chain([first], runs)
                    yield from _read_sheet(sheet.name, runs)
    except PasswordError as error:
        raise _protected(name) from error
    except (CalamineError, *DAMAGES) as error:
        raise _damaged(name, error) from error
    except BaseException as error:
        # calamine panics on some damaged files; the class of that can't be imported, and is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(name, error) from error


def _runs(sheet: "CalamineSheet") -> Iterator[list[list[object]]]:
    """The rows of a sheet, some at once, all of one length."""
    if sheet.start is not None:
        yield from _in_runs(sheet.iter_rows(), sheet)


def _runs_of_pieces(file: BinaryIO, place: int, name: str, limits: Limits) -> Iterator[list[list[object]]]:
    from python_calamine import CalamineWorkbook

    for piece in pieces(file, place, name, limits):
        with CalamineWorkbook.from_filelike(piece) as workbook:
            sheet = workbook.get_sheet_by_index(place)
            if sheet.start is not None:
                # Only this way leaves out the blank rows before the first, which are all those of earlier pieces.
                yield from _in_runs(iter(sheet.to_python()), sheet)


def _in_runs(rows: Iterator[list[Any]], sheet: "CalamineSheet") -> Iterator[list[list[object]]]:
    # Rows are from the sheet's first filled column on; a sheet without a start has none.
    before: list[object] = [None] * (sheet.start or (0, 0))[1]
    size = max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // max(sheet.total_width, 1)))
    while run := [before + row for row in islice(rows, size)]:
        yield run


def _read_sheet(title: str, runs: Iterable[list[list[object]]]) -> Iterator[Block]:
    """The rows below the first that is not empty, which is the header; rows may be longer than that."""
    header: list[str | None] = []
    for run in runs:
        rows = run
        if not header:
            place = next((place for place, row in enumerate(rows) if not is_blank(_cells(row))), None)
            if place is None:
                continue
            header, rows = _cells(rows[place]), rows[place + 1 :]
        if rows:
            header += [None] * (len(rows[0]) - len(header))
            yield without_blank_rows(_block(title, header, rows))


def _block(title: str, header: list[str | None], rows: list[list[object]]) -> Block:
    """Rows under their header; of columns without a name there are those between named ones, and those with something in them."""
    named = [place for place, name in enumerate(header) if name and not name.isspace()]
    columns: dict[str, pa.Array] = {}
    cells = [_cells(column) for column in zip(*rows, strict=True)]
    for place, name in enumerate(unique_names(header)):
        column = cells[place] if place < len(cells) else [None] * len(rows)
        if named[0] <= place <= named[-1] or any(column):
            columns[name] = string_array(column)
    return Block(
        title,
        pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)),
        pa.nulls(len(rows), pa.string()),
    )


def _cells(values: Iterable[object]) -> list[str | None]:
    return [(value if type(value) is str else cell_text(value)) or None for value in values]


def _check_is_workbook(file: BinaryIO, name: str, limits: Limits) -> None:
    file.seek(0)
    head = file.read(1 << 12)
    if not head:
        raise UnreadableFile(f"'{name}' is empty: put a header and at least one row in it.")
    if head.startswith(b"PK"):
        _check_archive(file, name, limits)
    elif not head.startswith(SIGNATURE):
        kind = find_kind(head) or "another kind of file, perhaps CSV,"
        raise UnreadableFile(f"'{name}' is {kind} and not a workbook: open it in Excel and save it as .xlsx.")
    elif _contains(file, _ENCRYPTED):
        raise _protected(name)
    else:
        try:
            check_chains(file)
        except EndlessChain as error:
            raise _damaged(name, error) from error


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


def _check_archive(file: BinaryIO, name: str, limits: Limits) -> None:
    """Check the sizes that an archive gives for what is in it (a member that has more is damaged), and how far sheets reach."""
    packed = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        is_large = is_to_be_cut(file)
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(_PARSED)]
            limits.check_unpacked(sum(member.file_size for member in members), packed, name)
            if is_large:
                # The reach of each piece is looked at when it is cut.
                return
            for member in members:
                # To its end, which also shows whether it is as long as it says.
                with archive.open(member) as content:
                    check_reach_of_member(content, name)
                if member.filename == _OPEN_DOCUMENT:
                    with archive.open(member) as content:
                        # In a table without an end calamine goes on for ever.
                        ParserCreate().ParseFile(content)
    except (*DAMAGES, NotImplementedError, RuntimeError) as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: BaseException) -> UnreadableFile:
    # The kind of error, and not its words, which may quote the file.
    return UnreadableFile(
        f"'{name}' cannot be read as a workbook ({type(error).__name__}): save it again in Excel as .xlsx and drop the whole "
        "file again."
    )
