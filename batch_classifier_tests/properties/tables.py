"""Any table of any text, and the same table as a request file in each format that carries text."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from batch_classifier_tests.properties.texts import SHORT_TEXTS, TEXTS, VERY_LONG_TEXTS
from batch_classifier_tests.requests.readers.workbooks import with_sheet

Cell = str | None


@dataclass(frozen=True)
class AnyTable:
    """A header and its rows; a cell that is None is missing where a format knows that, and else empty."""

    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def filled_rows(self) -> list[tuple[Cell, ...]]:
        """The rows that hold more than white space: the others are no rows to any reader."""
        return [row for row in self.rows if any(cell and not cell.isspace() for cell in row)]


def _is_name_of_its_own(name: str) -> bool:
    # Readers strip names, and call a column without one by its place; that has tests of its own.
    return name == name.strip() != "" and not name.startswith("\ufeff")


_ODD_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12) | SHORT_TEXTS
_OWN_NAMES = st.lists(
    _ODD_NAMES.filter(_is_name_of_its_own), max_size=3, unique_by=lambda name: name.casefold()
).filter(lambda names: not {name.casefold() for name in names} & {"id", "text"})
_CELLS = st.one_of(TEXTS, TEXTS, TEXTS, st.sampled_from(["", "1", "same"]), st.none())
_LONG_CELLS = st.one_of(TEXTS, st.none(), VERY_LONG_TEXTS)


def _rows(width: int) -> st.SearchStrategy[list[tuple[Cell, ...]]]:
    short = st.lists(st.tuples(*[_CELLS] * width), max_size=6)
    return short | short | short | st.lists(st.tuples(*[_LONG_CELLS] * width), max_size=3)


_ROWS = {width: _rows(width) for width in range(2, 6)}


@st.composite
def tables(draw: st.DrawFn) -> AnyTable:
    """Tables with the columns id and text and up to three of any name; ids may repeat, cells may be missing or empty."""
    names = draw(_OWN_NAMES.flatmap(lambda own: st.permutations(["id", "text", *own])))
    # A file without a data row is refused; that has a test of its own.
    last = ("last",) * len(names)
    return AnyTable(tuple(names), (*draw(_ROWS[len(names)]), last))


def as_delimited(table: AnyTable, delimiter: str, line_end: str, quote_all: bool) -> bytes:
    """CSV after RFC 4180, or the same with another delimiter."""

    def cell(value: Cell) -> str:
        text = value or ""
        # A first cell that begins like another kind of file is quoted, as is what a spreadsheet's hint would be.
        is_plain = text.isalnum() and not quote_all
        return text if is_plain else '"{}"'.format(text.replace('"', '""'))

    lines = [delimiter.join(map(cell, row)) + line_end for row in (table.names, *table.rows)]
    return "".join(lines).encode()


def as_json(table: AnyTable, ensure_ascii: bool = False) -> bytes:
    """An array of objects, as one program's `dumps` writes it."""
    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    return json.dumps(rows, ensure_ascii=ensure_ascii).encode()


def as_json_lines(table: AnyTable, ensure_ascii: bool = False) -> bytes:
    """One object a line."""
    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    return b"".join(json.dumps(row, ensure_ascii=ensure_ascii).encode() + b"\n" for row in rows)


def as_parquet(table: AnyTable, kind: pa.DataType) -> bytes:
    """Columns of one of Arrow's types for text."""
    columns = [pa.array(column, pa.string()).cast(kind) for column in zip(*table.rows, strict=True)]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=list(table.names)), file, row_group_size=2)
    return file.getvalue()


# Characters that XML 1.0 has no form for; U+FFFE and U+FFFF, which are no characters, no reader takes back from their codes.
NOT_IN_XML = frozenset(map(chr, [*range(9), 0x0B, 0x0C, *range(0x0E, 0x20)]))


def as_excel_writes(text: str) -> str:
    """A cell's text in the form of ECMA-376 (22.9.2.19): what XML cannot hold as `_xHHHH_`, and such a run of letters escaped."""
    is_code = [
        text[at : at + 2] == "_x"
        and text[at + 6 : at + 7] == "_"
        and all(digit in "0123456789abcdefABCDEF" for digit in text[at + 2 : at + 6])
        for at in range(len(text))
    ]
    return "".join(
        "_x005F_" if code else f"_x{ord(one):04X}_" if one in NOT_IN_XML or one == "\r" else escape(one)
        for one, code in zip(text, is_code, strict=True)
    )


def as_workbook(table: AnyTable, shared: bool) -> bytes:
    """A workbook as Excel writes it, with its texts in the sheet or shared."""
    strings: list[str] = []

    def cell(value: Cell) -> str:
        if value is None:
            return "<c/>"
        content = f'<t xml:space="preserve">{as_excel_writes(value)}</t>'
        if not shared:
            return f'<c t="inlineStr"><is>{content}</is></c>'
        strings.append(f"<si>{content}</si>")
        return f'<c t="s"><v>{len(strings) - 1}</v></c>'

    rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in (table.names, *table.rows))
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = f"<worksheet {namespace}><sheetData>{rows}</sheetData></worksheet>"
    return with_sheet(sheet, f"<sst {namespace}>{''.join(strings)}</sst>")


Writer = Callable[[AnyTable], bytes]


def delimited_files() -> Sequence[tuple[str, Writer]]:
    """The forms of a delimited file, by the name of the file."""
    return [
        (name, partial(as_delimited, delimiter=delimiter, line_end=line_end, quote_all=quote_all))
        for name, delimiter in (("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.csv", "|"), ("a.tsv", "\t"))
        for line_end in ("\n", "\r\n")
        for quote_all in (False, True)
    ]


def text_files() -> Sequence[tuple[str, Writer]]:
    """The forms of JSON, by the name of the file."""
    return [
        (name, partial(write, ensure_ascii=ensure_ascii))
        for name, write in (("a.json", as_json), ("a.jsonl", as_json_lines))
        for ensure_ascii in (False, True)
    ]


def packed_files() -> Sequence[tuple[str, Writer]]:
    """The forms of workbooks and Parquet files, by the name of the file."""
    kinds = (pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string()))
    return [
        *(("a.xlsx", partial(as_workbook, shared=shared)) for shared in (False, True)),
        *(("a.parquet", partial(as_parquet, kind=kind)) for kind in kinds),
    ]


def is_refused_as_binary(content: bytes, name: str) -> bool:
    """Whether a text file holds so many NULs that it is taken for another kind of file."""
    return not name.endswith(("xlsx", "parquet")) and content.count(0) > 8 and content.count(0) > len(content) * 0.03


def without_noncharacters(table: AnyTable) -> AnyTable | None:
    """The table without U+FFFE and U+FFFF, which XML cannot hold; None where its names are no longer names then."""

    def fit(text: Cell) -> Cell:
        return text and text.replace("\ufffe", "").replace("\uffff", "")

    names = [fit(name) or "" for name in table.names]
    if not all(map(_is_name_of_its_own, names)) or len({name.casefold() for name in names}) < len(names):
        return None
    return AnyTable(tuple(names), tuple(tuple(map(fit, row)) for row in table.rows))
