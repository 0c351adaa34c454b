"""From rows to requests: ids, texts, labels, the other columns, and what is wrong with a row."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from batch_classifier.errors import UnreadableFile
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.own_columns import MOST_OWN_COLUMNS
from batch_classifier.requests.raw_requests import Requests
from batch_classifier.requests.readers.formats import read_rows
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier_tests.requests.readers.workbooks import xlsx
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.request_files import workbook


@pytest.fixture(scope="module")
def prompt(tmp_path_factory: pytest.TempPathFactory) -> Prompt:
    path = tmp_path_factory.mktemp("prompts") / "tickets.yaml"
    path.write_text(yaml.safe_dump(prompt_content()))
    return load_prompt(path)


def read(
    content: bytes | Sequence[dict[str, Any]], prompt: Prompt, name: str = ""
) -> tuple[list[dict[str, Any]], Requests]:
    """Read a request file (CSV, or JSON for objects) to its end."""
    is_text = isinstance(content, bytes)
    name = name or ("calls.csv" if is_text else "calls.json")
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    requests = Requests(read_rows(io.BytesIO(data), name), prompt, name)
    batches = list(requests)
    assert all(batch.schema.equals(RAW_REQUESTS.schema) for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()], requests


@pytest.mark.parametrize("header", ["id,text,label", "ID, Text ,LABEL", "\ufeffId,TEXT,Label", ' id ,"text ",label'])
def test_columns_are_found_whatever_their_case_and_the_spaces_around_them(prompt: Prompt, header: str) -> None:
    (row,), _ = read(f"{header}\nA1,My flight,Travel\n".encode(), prompt)
    assert (row["record_id"], row["text"], row["expected_class"]) == ("A1", "My flight", "Travel")
    assert row["attributes"] == "{}"


def test_an_exact_name_goes_before_one_that_is_only_alike(prompt: Prompt) -> None:
    (row,), _ = read(b"TEXT,text\nno,yes\n", prompt)
    assert row["text"] == "yes" and json.loads(row["attributes"]) == {"TEXT": "no"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "3"),
        (3.0, "3"),
        (3.5, "3.5"),
        (12345678901234567890, "12345678901234567890"),
        (True, "true"),
        (" A 1 ", "A 1"),
        ("007", "007"),
    ],
)
def test_an_id_is_what_a_person_would_write(prompt: Prompt, value: Any, expected: str) -> None:
    (row,), _ = read([{"id": value, "text": "My flight"}], prompt)
    assert row["record_id"] == expected


@pytest.mark.parametrize("value", [3, 3.0])
def test_a_number_as_id_of_a_workbook_has_no_point(prompt: Prompt, value: float) -> None:
    (row,), _ = read(workbook({"a": [{"id": value, "text": "My flight"}]}), prompt, "book.xlsx")
    assert row["record_id"] == "3"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_row_without_an_id_is_told_by_its_number(prompt: Prompt, value: str | None) -> None:
    """And cannot be taken for a row whose own id is that number."""
    rows, _ = read([{"id": "2", "text": "a"}, {"id": value, "text": "b"}], prompt)
    assert [row["record_id"] for row in rows] == ["2", "row 2"]


def test_without_an_id_column_the_number_is_the_id(prompt: Prompt) -> None:
    rows, _ = read(b"text\na\nb\n", prompt)
    assert [(row["row_number"], row["record_id"]) for row in rows] == [(1, "1"), (2, "2")]


@pytest.mark.parametrize("text", ["", "   ", "\t", "\u00a0", None])
def test_a_row_without_a_text_stays_with_its_problem(prompt: Prompt, text: str | None) -> None:
    rows, requests = read([{"id": 1, "text": text}, {"id": 2, "text": "My flight"}], prompt)
    assert [(row["problem"], row["text_id"] is None) for row in rows] == [("has no text", True), (None, False)]
    assert (requests.total, dict(requests.problems)) == (2, {"has no text": 1})


def test_a_row_that_could_not_be_read_has_no_text_to_ask_about(prompt: Prompt) -> None:
    rows, requests = read(b'id,text\n1,a,b,c\n2,"x"\n', prompt)
    assert rows[0]["problem"] == "has 4 cells where the header has 2" and rows[0]["text_id"] is None
    assert rows[1]["problem"] is None and sum(requests.problems.values()) == 1


def test_a_text_is_known_by_its_content() -> None:
    """Not by what stands around it, but by every letter of it; the id fits what Bedrock takes as a record id."""
    assert text_id(" My flight\r\n") == text_id("My flight")
    others = ["my flight", "My  flight", "My flight.", "My\nflight", "Mу flight"]
    assert len({text_id(text) for text in ["My flight", *others]}) == 6
    assert all(len(text_id(text)) == 32 and text_id(text).isalnum() for text in ["", "日本", "a" * 1_000_000])


def test_a_text_stands_in_the_table_as_it_stands_in_the_file(prompt: Prompt) -> None:
    text = ' "Hi",\n=cmd|\u2028\u0085 caf\u00e9 \U0001f600 '
    (row,), _ = read([{"text": text}], prompt)
    assert row["text"] == text


def test_the_other_columns_are_kept(prompt: Prompt) -> None:
    (row,), _ = read([{"id": 1, "text": "a", "label": "Travel", "tags": ["x", 1], "n": 2.0, "none": None}], prompt)
    attributes = json.loads(row["attributes"])
    assert attributes["n"] == "2" and json.loads(attributes["tags"]) == ["x", 1]
    assert not {"id", "text", "label"} & set(attributes)


@pytest.mark.parametrize(("label", "expected"), [(" Travel ", "Travel"), ("", None), (None, None)])
def test_a_label_is_the_expected_class(prompt: Prompt, label: str | None, expected: str | None) -> None:
    (row,), requests = read([{"text": "a", "label": label}], prompt)
    assert row["expected_class"] == expected and requests.labelled == (expected is not None)


def test_a_missing_text_column_names_those_that_are_there(prompt: Prompt) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(b"Id,Body\n1,My flight\n", prompt)
    message = str(caught.value)
    assert is_one_sentence(message) and "calls.csv has no column 'text'" in message and "'Id', 'Body'" in message
    assert "input.text" in message and "tickets" in message


def test_rows_of_a_sheet_without_the_text_column_stay_with_their_problem(prompt: Prompt) -> None:
    sheets: dict[str, list[dict[str, object]]] = {
        "Notes": [{"a": "1"}],
        "Calls": [{"id": 7, "text": "x"}, {"id": 8, "text": ""}],
        "More": [{"ID": "2", "c": "3"}, {"ID": "3", "c": "4"}],
    }
    rows, requests = read(workbook(sheets), prompt, "book.xlsx")
    notes, more = (f"is on the sheet '{name}', which has no column 'text'" for name in ("Notes", "More"))
    assert [row["problem"] for row in rows] == [notes, None, "has no text", more, more]
    assert [row["row_number"] for row in rows] == [1, 2, 3, 4, 5] and rows[3]["record_id"] == "2"
    assert [row["attributes"] for row in rows] == ['{"a":"1"}', "{}", "{}", '{"c":"3"}', '{"c":"4"}']
    assert dict(requests.problems) == {notes: 1, "has no text": 1, more: 2}


def test_a_workbook_without_the_text_column_on_any_sheet_is_refused(prompt: Prompt) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(workbook({"Notes": [{"a": "1"}], "More": [{"b": "2"}]}), prompt, "book.xlsx")
    assert is_one_sentence(str(caught.value)) and "its columns are 'a', 'b'" in str(caught.value)


@pytest.mark.parametrize("name", ["calls.json", "calls.ndjson"])
def test_a_late_column_counts_for_the_rows_that_have_it(prompt: Prompt, name: str) -> None:
    """JSON leaves out what is empty: a block of thousands of records without the key is no file without the column."""
    records = [{"id": n} for n in range(2_500)] + [{"id": "last", "text": "My flight"}]
    rows, requests = read("\n".join(map(json.dumps, records)).encode(), prompt, name)
    assert len(rows) == 2_501 and rows[-1]["text_id"] == text_id("My flight")
    assert requests.problems["has no text"] == 2_500


def test_rows_that_each_bring_a_key_of_their_own_make_no_column_each(prompt: Prompt) -> None:
    """A table of 3,000 columns, of which each row has one, would be nothing but gaps; nothing of it is lost."""
    rows, _ = read([{"text": "a", f"key {n}": n, "further_columns": "own"} for n in range(3_000)], prompt)
    attributes = [json.loads(row["attributes"]) for row in rows]
    assert len({name for row in attributes for name in row}) == MOST_OWN_COLUMNS + 1
    assert attributes[5] == {"key 5": "5", "further_columns": "own"}
    assert attributes[2_999] == {"further_columns": "own", "further_columns_": '{"key 2999":"2999"}'}


@pytest.mark.parametrize(
    "record",
    [
        'C-1,"My flight to Rome was cancelled, and nobody at the counter knew what to do about it",Travel',
        "C-1,Anna,+39 06 1234567",
        "C-1,anna@example.com,Travel",
        "C-1,Travel,Travel",
        "17,Anna,Travel",
        "C-1,Anna,2026-01-05",
    ],
)
@pytest.mark.parametrize("name", ["calls.csv", "calls.xlsx"])
def test_a_file_without_a_header_is_told_so_and_not_quoted(prompt: Prompt, record: str, name: str) -> None:
    cells = next(csv.reader([record]))
    content = f"{record}\n{record}\n".encode()
    if name == "calls.xlsx":
        content = xlsx({"Calls": [list(cells), list(cells)]})
    with pytest.raises(UnreadableFile) as caught:
        read(content, prompt, name)
    message = str(caught.value)
    assert is_one_sentence(message) and "looks like data and not like a header" in message and "above it" in message
    assert not any(cell in message for cell in cells)


def test_names_of_columns_are_cut_and_few_of_them_are_told(prompt: Prompt) -> None:
    names = [f"column with quite a long name, and its number {place}" for place in range(30)]
    with pytest.raises(UnreadableFile) as caught:
        read([dict.fromkeys([*names, "x" * 5_000, "a\x1b[31mb\nc"], "a")], prompt)
    message = str(caught.value)
    assert "and 22 more" in message and len(message) < 800
    assert names[0] not in message and names[0][:39] + "…" in message
    with pytest.raises(UnreadableFile) as caught:
        read([{"a\x1b[31mb\nc": "a"}], prompt)
    assert r"'a\x1b[31mb\nc'" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b'[{"text": "Anna Rossi"}, {"text": "Anna Rossi" oops}]',
        b'{"text": "Anna Rossi"}\n{"text": "Anna Rossi" oops}\n',
        b'[{"text": "Anna Rossi',
    ],
)
@pytest.mark.parametrize("name", ["calls.json", "calls.jsonl"])
def test_no_other_problem_quotes_the_file(prompt: Prompt, content: bytes, name: str) -> None:
    try:
        _, requests = read(content, prompt, name)
    except UnreadableFile as error:
        assert "Anna" not in str(error)
    else:
        assert requests.problems and not any("Anna" in problem for problem in requests.problems)
