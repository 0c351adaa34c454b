"""The rows of a request file on their way from a reader: Arrow record batches of strings, a few megabytes at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.errors import UnreadableFile
from batch_classifier.record_batches import BYTES_AT_ONCE, ROWS_AT_ONCE

# Records that share no keys make a column each: this many cells, mostly empty, are the most that are held at once.
CELLS_AT_ONCE = 400_000
# As many as a sheet of Excel has.
MOST_COLUMNS = 16_384


@dataclass(frozen=True)
class Rows:
    """A run of consecutive data rows of a request file, as found.

    Attributes:
        part: the sheet's name for workbooks, else None.
        row_numbers: int64, 1 for the file's first data row; header and blank rows are not counted, and the count goes
            on from one sheet to the next.
        cells: the file's own columns under their own names, all of type string. Null is a missing value; an empty cell
            of a delimited file is the empty string.
        problems: null where the row could be read, else one short phrase such as "has 3 cells where the header has 2".
    """

    part: str | None
    row_numbers: pa.Int64Array
    cells: pa.RecordBatch
    problems: pa.StringArray


@dataclass(frozen=True)
class Block:
    """Rows before they are numbered: what the reader of one format hands on. Blank rows are left out already."""

    part: str | None
    cells: pa.RecordBatch
    problems: pa.StringArray

    def slice(self, offset: int, length: int | None = None) -> "Block":
        """Return `length` rows from `offset` on (all the rest by default), without copying them."""
        return Block(self.part, self.cells.slice(offset, length), self.problems.slice(offset, length))


def pieces(block: Block) -> Iterator[Block]:
    """Yield the block in pieces of at most `ROWS_AT_ONCE` rows and, unless it is one row, `BYTES_AT_ONCE` bytes."""
    while block.cells.num_rows:
        piece = block.slice(0, ROWS_AT_ONCE)
        while piece.cells.nbytes > BYTES_AT_ONCE and piece.cells.num_rows > 1:
            piece = piece.slice(0, piece.cells.num_rows // 2)
        yield piece
        block = block.slice(piece.cells.num_rows)


def check_width(columns: int, name: str) -> None:
    """Raise UnreadableFile when a file has more columns than a table can have."""
    if columns > MOST_COLUMNS:
        raise UnreadableFile(
            f"'{name}' has more than {MOST_COLUMNS:,} columns: leave out those that are not needed, and check its delimiter."
        )


class BlockBuilder:
    """Collects rows made in Python until they fill a block."""

    def __init__(self, names: Sequence[str] = (), part: str | None = None) -> None:
        """Start with the columns `names`, which every block then has; columns that the rows bring come after them."""
        self._fixed_names = list(names)
        self._last_names = list(names) or ["column_1"]
        self._part = part
        self._start()

    def _start(self) -> None:
        self._names: dict[str, None] = dict.fromkeys(self._fixed_names)
        self._rows: list[Mapping[str, str | None]] = []
        self._problems: list[str | None] = []
        self._characters = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def is_full(self) -> bool:
        """True when the rows should be taken before more are added."""
        rows = len(self._rows)
        return (
            rows >= ROWS_AT_ONCE
            or self._characters >= BYTES_AT_ONCE // 2
            or rows * max(len(self._names), 1) >= CELLS_AT_ONCE
        )

    def add(self, cells: Mapping[str, str | None], problem: str | None = None) -> None:
        """Add a row, unless all its cells are blank and nothing is wrong with it."""
        if problem is None and is_blank(cells.values()):
            return
        self._names.update(dict.fromkeys(cells))
        self._rows.append(cells)
        self._problems.append(problem)
        self._characters += sum(len(cell) for cell in cells.values() if cell)

    def take(self) -> Block:
        """Return the collected rows as a block and start anew."""
        # A block in which no row could be read still needs a column, for a batch without columns has no rows.
        names = list(self._names) or self._last_names
        arrays = [string_array([row.get(name) for row in self._rows]) for name in names]
        block = Block(
            self._part, pa.RecordBatch.from_arrays(arrays, names=names), pa.array(self._problems, pa.string())
        )
        self._last_names = names
        self._start()
        return block


def is_blank(cells: Iterable[str | None]) -> bool:
    """Tell whether all cells are missing, empty or only whitespace."""
    return all(not (cell and not cell.isspace()) for cell in cells)


def without_blank_rows(block: Block) -> Block:
    """Return the block without the rows in which every cell is blank and nothing is wrong."""
    suspects: pa.Array | None = None
    for column in block.cells.columns:
        cells = column if suspects is None else column.take(suspects)
        blank = pc.fill_null(
            pc.or_(pc.equal(pc.binary_length(cells), pa.scalar(0, pa.int32())), pc.utf8_is_space(cells)), True
        )
        suspects = pc.indices_nonzero(blank) if suspects is None else suspects.filter(blank)
        # The first column is an id or a text as a rule: nothing is left of the suspects after it.
        if not len(suspects):
            return block
    blank_rows = (
        {row for row in suspects.to_pylist() if not block.problems[row].is_valid} if suspects is not None else ()
    )
    kept = pa.array([row not in blank_rows for row in range(block.cells.num_rows)], pa.bool_())
    return Block(block.part, block.cells.filter(kept), block.problems.filter(kept))


def string_array(cells: Sequence[str | None]) -> pa.StringArray:
    """Return the cells as an Arrow array; lone surrogates, which JSON allows and UTF-8 does not, become U+FFFD."""
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:
        return pa.array([cell and without_surrogates(cell) for cell in cells], pa.string())


def without_surrogates(text: str) -> str:
    """Return the text with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unique_names(cells: Iterable[str | None]) -> list[str]:
    """Return column names for header cells: stripped, `column_3` for an empty third, `name_2` for a second `name`."""
    stripped = [without_surrogates(cell or "").strip().removeprefix("\ufeff") for cell in cells]
    names = [name or f"column_{place}" for place, name in enumerate(stripped, start=1)]
    taken = set(names)
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] == 1:
            continue
        while f"{name}_{seen[name]}" in taken:
            seen[name] += 1
        names[place] = f"{name}_{seen[name]}"
        taken.add(names[place])
    return names
