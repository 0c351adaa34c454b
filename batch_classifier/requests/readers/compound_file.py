"""The chains of sectors in an old Office file (.xls): whether they end, for calamine follows one that does not until all memory is full.

The format is [MS-CFB] (https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-cfb/): a file of sectors, and a table (FAT) that tells for
each of them which one comes after it. The sectors of that table are listed in the header and, for large files, in a chain of their own
(DIFAT). What is smaller than a cutoff lies in parts of a sector, which have a table like it (mini FAT).
"""

import struct
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_BYTES = 512
# From here on a number is none of a sector, but says for instance that the chain ends.
_NO_SECTOR = 0xFFFFFFFA
_SHIFTS = (9, 12)
_ENTRY = np.dtype(
    [("name", "V66"), ("kind", "u1"), ("links", "V49"), ("start", "<u4"), ("size", "<u4"), ("more", "<u4")]
)
_ROOT = 5
# The same in every file, whatever its header says; so do readers take it.
_CUTOFF = 4_096
_Numbers = npt.NDArray[np.int64]
_Truths = npt.NDArray[np.bool_]


class EndlessChain(Exception):
    """A chain of sectors leads back into itself."""


def check_chains(file: BinaryIO) -> None:
    """Follow the chains that a reader of a compound file follows; takes time and memory by the file's size. Other damage is left to the reader.

    Raises:
        EndlessChain: one of them has no end.
    """
    file.seek(0)
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or (shift := struct.unpack_from("<H", header, 30)[0]) not in _SHIFTS:
        return
    sectors = _Sectors(file, 1 << shift)
    (directory,) = struct.unpack_from("<I", header, 48)
    mini, _, further = struct.unpack_from("<3I", header, 60)
    table = _numbers(b"".join(map(sectors.read, _places_of_table(header, further, sectors))))
    is_endless = _endless(table)
    _check([directory, mini], is_endless)
    is_endless_in_mini = _endless(_numbers(sectors.read_chain(mini, table)))
    content = sectors.read_chain(directory, table)
    entries = np.frombuffer(content[: len(content) // _ENTRY.itemsize * _ENTRY.itemsize], _ENTRY)
    is_large = (entries["kind"] == _ROOT) | (entries["size"] >= _CUTOFF)
    _check(entries["start"][is_large].tolist(), is_endless)
    _check(entries["start"][~is_large].tolist(), is_endless_in_mini)


class _Sectors:
    """The sectors of a file; what lies behind its end is empty."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size

    def read(self, number: int) -> bytes:
        """A sector by its number; the header takes the place of one before the first."""
        self._file.seek((number + 1) * self._size)
        return self._file.read(self._size)

    def read_chain(self, start: int, table: _Numbers) -> bytes:
        """All sectors of a chain that is known to end."""
        content = []
        while start < len(table):
            content.append(self.read(start))
            start = int(table[start])
        return b"".join(content)


def _places_of_table(header: bytes, further: int, sectors: _Sectors) -> list[int]:
    """The sectors in which the table stands."""
    places = _numbers(header[76:]).tolist()
    seen: set[int] = set()
    while further < _NO_SECTOR and (numbers := _numbers(sectors.read(further)).tolist()):
        if further in seen:
            raise EndlessChain
        seen.add(further)
        places += numbers[:-1]
        further = numbers[-1]
    return [place for place in places if place < _NO_SECTOR]


def _endless(table: _Numbers) -> _Truths:
    """For each sector, whether going on from it leads to no end."""
    # A place behind the table stands for all ends. Each turn goes twice as far as the one before.
    end = len(table)
    after = np.append(np.where(table < end, table, end), end)
    for _ in range(end.bit_length()):
        after = after[after]
    is_endless: _Truths = after[:end] != end
    return is_endless


def _check(starts: list[int], is_endless: _Truths) -> None:
    if any(start < len(is_endless) and is_endless[start] for start in starts):
        raise EndlessChain


def _numbers(data: bytes) -> _Numbers:
    return np.frombuffer(data[: len(data) // 4 * 4], "<u4").astype(np.int64)
