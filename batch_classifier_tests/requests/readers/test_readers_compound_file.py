"""Old Office files whose chains of sectors have no end: refused at once, where a reader would follow them until all memory is full."""

import io
import struct

import pytest
import xlwt

from batch_classifier.requests.readers.compound_file import EndlessChain, check_chains
from batch_classifier_tests.requests.readers.reading import read, refusal

SECTOR = 512
# Places in the header: where the directory, the mini FAT and the further list of the FAT's sectors start, and that list's beginning.
DIRECTORY, MINI, FURTHER, LIST = 48, 60, 68, 76


def workbook(rows: int) -> bytearray:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Calls")
    sheet.write(0, 0, "text")
    for row in range(rows):
        sheet.write(row + 1, 0, f"text {row} " + "x" * 200)
    file = io.BytesIO()
    book.save(file)
    return bytearray(file.getvalue())


def number(content: bytearray, place: int) -> int:
    return int(struct.unpack_from("<I", content, place)[0])


def put(content: bytearray, place: int, value: int) -> None:
    struct.pack_into("<I", content, place, value)


def start_of(sector: int) -> int:
    return (sector + 1) * SECTOR


def in_table(content: bytearray, sector: int) -> int:
    """The place of the entry that tells which sector comes after this one."""
    return start_of(number(content, LIST + 4 * (sector // 128))) + 4 * (sector % 128)


def turn_back(content: bytearray, start: int, steps: int) -> None:
    """Let the chain that begins at this sector lead back to it after some steps."""
    last = start
    for _ in range(steps):
        last = number(content, in_table(content, last))
    put(content, in_table(content, last), start)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_sheet_without_end_is_refused(steps: int) -> None:
    content = workbook(100)
    entries = range(start_of(number(content, DIRECTORY)), len(content), 128)
    (entry,) = (place for place in entries if content[place : place + 16] == "Workbook".encode("utf-16-le"))
    turn_back(content, number(content, entry + 116), steps)
    assert "EndlessChain" in refusal(bytes(content), "a.xls")


def test_a_directory_without_end_is_refused() -> None:
    content = workbook(1)
    turn_back(content, number(content, DIRECTORY), 0)
    assert "EndlessChain" in refusal(bytes(content), "a.xls")


def test_a_table_of_small_streams_without_end_is_refused() -> None:
    content = workbook(1)
    put(content, MINI, number(content, DIRECTORY))
    turn_back(content, number(content, DIRECTORY), 0)
    with pytest.raises(EndlessChain):
        check_chains(io.BytesIO(content))


def test_a_list_of_tables_without_end_is_refused() -> None:
    """Such a list is part of files of 7 MB and more."""
    content = workbook(1)
    end = len(content) // SECTOR - 1
    put(content, FURTHER, end)
    content += b"\xff" * (SECTOR - 4) + struct.pack("<I", end)
    assert "EndlessChain" in refusal(bytes(content), "a.xls")


@pytest.mark.parametrize("rows", [1, 10, 1_000, 40_000])
def test_files_of_all_sizes_are_read(rows: int) -> None:
    content = bytes(workbook(rows))
    check_chains(io.BytesIO(content))
    assert (len(content) > 7_500_000) == (rows == 40_000), "the largest has a list of tables beside the header's"
    if rows < 40_000:
        assert len(read(content, "a.xls")) == rows


@pytest.mark.parametrize("size", [8, 511, 512, 600, 1_024, 3_000])
def test_a_file_that_is_cut_off_has_an_end(size: int) -> None:
    check_chains(io.BytesIO(bytes(workbook(10))[:size]))
