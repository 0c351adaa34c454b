"""Any table of any text goes in as every format and comes out row for row, of the readers and of every result format."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batch_classifier.limits import DEFAULT_LIMITS
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import Requests
from batch_classifier.requests.readers.formats import Rows, read_rows
from batch_classifier.requests.readers.parquet import read_parquet
from batch_classifier.requests.readers.workbook import read_workbook
from batch_classifier.results.columns import columns_of
from batch_classifier.results.formats import FORMATS, write_results
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.properties.tables import (
    NOT_IN_XML,
    AnyTable,
    Writer,
    delimited_files,
    is_refused_as_binary,
    packed_files,
    tables,
    text_files,
    without_noncharacters,
)
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.result_rows import result_rows

PROMPT = Prompt(name="tickets", **{**prompt_content(), "input": {"text": "text", "id": "id"}})
TABLES = tables()
FORMS = [*delimited_files(), *text_files(), *packed_files()]
Form = tuple[str, Writer]
LONGEST_IN_EXCEL = 32_767
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A number with its sign: nothing is computed from it.
AMOUNT = re.compile(r"[+-][0-9]+(?:[.][0-9]+)*(?:[eE][+-]?[0-9]{1,3})?%?")


@pytest.fixture(autouse=True)
def long_csv_fields() -> Iterator[None]:
    before = csv.field_size_limit(10_000_000)
    yield
    csv.field_size_limit(before)


def read(content: bytes, name: str) -> Iterator[Rows]:
    """The rows of a file; formats that have a process of their own are read in this one, which takes a hundredth of the time."""
    file = io.BytesIO(content)
    if not name.endswith(("xlsx", "parquet")):
        yield from read_rows(file, name)
        return
    reader = read_workbook if name.endswith("xlsx") else read_parquet
    count = 0
    for block in reader(file, name, DEFAULT_LIMITS):
        numbers = pa.array(range(count + 1, count + 1 + block.cells.num_rows), pa.int64())
        count += len(numbers)
        yield Rows(block.part, numbers, block.cells, block.problems)


def written(table: AnyTable, form: Form) -> tuple[AnyTable, bytes, str]:
    """The table as the format can carry it, the file, and its name."""
    name, writer = form
    carried = without_noncharacters(table) if name.endswith("xlsx") else table
    assume(carried is not None)
    assert carried is not None
    content = writer(carried)
    assume(not is_refused_as_binary(content, name))
    return carried, content, name


def empty_as_none(rows: Sequence[Sequence[str | None]]) -> list[tuple[str | None, ...]]:
    """Rows in which an empty cell and a missing one are the same, as in CSV and workbooks."""
    return [tuple(cell or None for cell in row) for row in rows]


@pytest.mark.parametrize(
    "forms", [delimited_files(), text_files(), packed_files()], ids=["delimited", "json", "packed"]
)
def test_any_table_is_read_row_for_row(forms: Sequence[Form]) -> None:
    @given(TABLES, st.sampled_from(forms))
    def holds(table: AnyTable, form: Form) -> None:
        carried, content, name = written(table, form)
        blocks = list(read(content, name))
        rows = [
            row
            for rows in blocks
            for row in zip(*(rows.cells.column(name).to_pylist() for name in carried.names), strict=True)
        ]
        assert all(rows.problems.null_count == len(rows.problems) for rows in blocks)
        assert empty_as_none(rows) == empty_as_none(carried.filled_rows)
        assert all(rows.cells.schema.names == list(carried.names) for rows in blocks)
        if name.endswith(("json", "jsonl", "parquet")):
            assert rows == carried.filled_rows, "these formats tell an empty cell from a missing one"

    holds()


@given(TABLES, st.sampled_from(FORMS), st.sampled_from(FORMATS))
def test_any_table_comes_back_row_for_row_in_any_result_format(table: AnyTable, form: Form, format: str) -> None:
    carried, content, name = written(table, form)
    requests = list(Requests(read(content, name), PROMPT, name))
    classified = [as_classified(rows) for rows in requests]
    own = columns_of(classified)
    file = io.BytesIO()
    assert write_results(classified, own, file, format) == len(carried.filled_rows)

    header, *rows = result_rows(format, file.getvalue())
    id_place, text_place = carried.names.index("id"), carried.names.index("text")
    others = [place for place in range(len(carried.names)) if place not in (id_place, text_place)]
    first_own = header.index("status") + 1
    assert len(rows) == len(carried.filled_rows)
    for number, (row, expected) in enumerate(zip(rows, carried.filled_rows, strict=True), 1):
        record_id = (expected[id_place] or "").strip() or f"row {number}"
        came_back(format, row[0], record_id)
        came_back(format, row[1], expected[text_place])
        assert row[2] == ("Other" if (expected[text_place] or "").strip() else empty_in(format))
    # An own column that no row has a value in need not be there; all others are, in the file's order.
    filled = [place for place in others if any(row[place] is not None for row in carried.filled_rows)]
    assert len(header) - first_own - 2 >= len(filled)
    values = list(zip(*(row[first_own:-2] for row in rows), strict=True))
    if len(values) == len(others):
        for place, column in zip(others, values, strict=True):
            for value, expected_row in zip(column, carried.filled_rows, strict=True):
                came_back(format, value, expected_row[place])


def as_classified(requests: pa.RecordBatch) -> pa.RecordBatch:
    """The requests as rows of the table `classifications`, all of one class but for those without a text."""
    size = requests.num_rows
    known = {
        "request_file": requests["request_file"],
        "row_number": requests["row_number"],
        "record_id": requests["record_id"],
        "input_text": requests["text"],
        "attributes": requests["attributes"],
        "class": pa.array(
            ["Other" if known else None for known in requests["text_id"].is_valid().to_pylist()], pa.string()
        ),
        "status": pa.array(["classified"] * size, pa.string()),
    }
    columns = [known.get(column.name, pa.nulls(size, column.type)) for column in CLASSIFICATIONS.columns]
    return pa.RecordBatch.from_arrays(columns, schema=CLASSIFICATIONS.schema)


def empty_in(format: str) -> str | None:
    return "" if format == "csv" else None


def came_back(format: str, value: str | None, text: str | None) -> None:
    """Check that a result file gives a text back, as far as its format and the guard against formulas let it."""
    if format == "json":
        assert (value or None) == (text or None)
    elif format == "csv":
        assert value is not None
        # A `'` of ours cannot be told from one that was there; nothing else is added, and no NUL stays.
        assert value.replace("'", "") == (text or "").replace("'", "").replace("\0", "")
        assert len(value) >= len((text or "").replace("\0", ""))
        # A program may split at any of these, whatever our quotes say.
        for cell in re.split(r'[,;|\t\r\n"]', value):
            start = cell.strip()
            assert start[:1] not in FORMULA_SIGNS or AMOUNT.fullmatch(start), cell
    else:
        expected = "".join(
            "\ufffd" if one in NOT_IN_XML or one in "\ufffe\uffff" else one for one in in_one_line_end(text or "")
        )
        # openpyxl does not undo the code that keeps `_x0041_` from being read as a letter; Excel and calamine do.
        given_back = (value or "").replace("_x005F_", "_")
        if len(expected.encode("utf-16-le")) // 2 + 7 * expected.count("_x") > LONGEST_IN_EXCEL:
            assert given_back.endswith("… [cut]") and expected.startswith(given_back.removesuffix("… [cut]"))
        else:
            assert given_back == expected.replace("_x005F_", "_")


def in_one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.long
def test_a_few_tables_go_through_the_processes_that_read_workbooks_and_parquet() -> None:
    """The property above reads them in this process; the way between the two must carry any text as well."""

    @given(TABLES, st.sampled_from(packed_files()))
    @settings(max_examples=8)
    def holds(table: AnyTable, form: Form) -> None:
        carried, content, name = written(table, form)
        apart = [batch for rows in read_rows(io.BytesIO(content), name) for batch in rows.cells.to_pylist()]
        here = [row for rows in read(content, name) for row in rows.cells.to_pylist()]
        assert apart == here and len(apart) == len(carried.filled_rows)

    holds()
