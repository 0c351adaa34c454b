"""JSON arrays and JSON lines: values as cells, and broken files that don't pass as whole."""

import io
import json

import pytest

from batch_classifier.errors import UnreadableFile
from batch_classifier.requests.readers.formats import read_rows
from batch_classifier_tests.requests.readers.reading import read, read_blocks, refusal


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize(
    "content",
    [
        b'[{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]',
        b'[\n  {\n    "id": 1,\n    "text": "a"\n  },\n  {"id": 2, "text": "b"},\n]\n',
        b'{"id": 1, "text": "a"}\n\n{"id": 2, "text": "b"}\n',
        b'{"id": 1, "text": "a"}\r\n{"id": 2, "text": "b"}',
    ],
    ids=["array", "pretty array", "lines", "windows lines"],
)
def test_arrays_and_lines_are_read_under_either_name(name: str, content: bytes) -> None:
    assert read(content, name) == [({"id": "1", "text": "a"}, None), ({"id": "2", "text": "b"}, None)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3", "3"),
        ("3.0", "3"),
        ("3.50", "3.50"),
        ("-0.25", "-0.25"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("1e22", "1" + "0" * 22),
        ("1e400", "1" + "0" * 400),
        ("1e999999999", "1E+999999999"),
        ("9" * 5_000, "9" * 5_000),
        ("NaN", None),
        ("-Infinity", None),
        ("null", None),
        ("true", "true"),
        ("false", "false"),
        ('"a\\u2028b\\u0000"', "a\u2028b\0"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud800x"', "\ufffdx"),
        ('["\\udc00", 1.50, 2.0, NaN]', '["\ufffd",1.5,2,null]'),
        ('{"x": [1, {"y": "é"}]}', '{"x":[1,{"y":"é"}]}'),
    ],
)
def test_values_become_text(value: str, text: str | None) -> None:
    content = f'{{"id": "k", "value": {value}}}'.encode()
    assert read(b"[" + content + b"]", "a.json") == [({"id": "k", "value": text}, None)]
    assert read(content, "a.jsonl") == [({"id": "k", "value": text}, None)]


def test_columns_are_all_keys_of_the_objects() -> None:
    assert read(b'[{"a": 1, " b ": 2}, {"c": 3, "b": 4}, {"": 5, "a": 6, "a": 7}]', "a.json") == [
        ({"a": "1", "b": "2", "c": None, "column_1": None}, None),
        ({"a": None, "b": "4", "c": "3", "column_1": None}, None),
        ({"a": "7", "b": None, "c": None, "column_1": "5"}, None),
    ]


def test_objects_that_share_no_keys_make_small_blocks() -> None:
    lines = "\n".join(json.dumps({f"{row}-{key}": key for key in range(10)}) for row in range(3_000))
    blocks = read_blocks(lines.encode(), "a.jsonl")
    assert sum(block.cells.num_rows for block in blocks) == 3_000
    assert max(block.cells.num_rows * block.cells.num_columns for block in blocks) < 500_000


def test_blank_objects_are_not_counted() -> None:
    assert read(b'[{}, {"a": " "}, {"a": "x"}, {"a": null}]', "a.json") == [({"a": "x"}, None)]


def test_elements_that_are_not_objects_are_rows_with_a_problem() -> None:
    rows = read(b'[{"a": "x"}, 3, null, [1], "s", true, {"a": "y"}]', "a.json")
    assert [problem for _, problem in rows] == [
        None,
        "is a number and not a JSON object",
        "is null and not a JSON object",
        "is a list and not a JSON object",
        "is a string and not a JSON object",
        "is a boolean and not a JSON object",
        None,
    ]


@pytest.mark.parametrize("broken", ['{"a": ', '{"a": 1}}', "hello", '{"a": 1} {"a": 2}', "{'a': 1}", '{"a": "x'])
def test_a_broken_line_is_a_row_with_a_problem(broken: str) -> None:
    first, second, third = read(f'{{"a": "x"}}\n{broken}\n{{"a": "y"}}\n'.encode(), "a.jsonl")
    assert first == ({"a": "x"}, None) and third == ({"a": "y"}, None)
    assert second[0] == {"a": None} and str(second[1]).startswith("is not valid JSON")


def test_a_block_in_which_no_line_could_be_read() -> None:
    rows = read(b'{"a": "x"}\n' + b"broken\n" * 5_000, "a.jsonl")
    assert len(rows) == 5_001 and rows[-1][0] == {"a": None}


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\0", "\t"])
def test_lines_are_cut_at_line_ends_only(character: str) -> None:
    assert read(f'{{"a": "x{character}y"}}\n{{"a": "z"}}\n'.encode(), "a.jsonl") == [
        ({"a": f"x{character}y"}, None),
        ({"a": "z"}, None),
    ]


def test_deep_nesting_is_a_problem_of_one_line() -> None:
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert [problem for _, problem in read(f'{{"a": "x"}}\n{deep}\n{{"a": "y"}}'.encode(), "a.jsonl")] == [
        None,
        "is nested too deeply",
        None,
    ]
    assert "nested too deeply" in refusal(f'[{{"a": "x"}}, {deep}]'.encode(), "a.json")


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("", "breaks off after element 3,000"),
        (",", "breaks off after element 3,000"),
        (', {"id"', "breaks off after element 3,000"),
        (', {"id": 7', "breaks off after element 3,000"),
        (', {"id": "x', "breaks off after element 3,000"),
        (', {"id": 7}', "breaks off after element 3,001"),
        (', {"id": x}]', "not valid JSON after element 3,000"),
        (' {"id": 7}]', "not valid JSON after element 3,000"),
        ("] more", "not valid JSON after element 3,000"),
    ],
)
def test_an_array_that_breaks_off_does_not_pass_as_whole(ending: str, message: str) -> None:
    """The rows before the place are still read, and the place is told."""
    content = "[" + ",".join(f'{{"id": {row}}}' for row in range(3_000)) + ending
    assert message in refusal(content.encode(), "a.json")
    ids = []
    with pytest.raises(UnreadableFile):
        for block in read_rows(io.BytesIO(content.encode()), "a.json"):
            ids += block.cells.column("id").to_pylist()
    assert ids[:3_000] == [str(row) for row in range(3_000)]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
def test_objects_of_several_lines_are_read_one_after_another(name: str) -> None:
    objects = [{"id": str(row), "text": f"line\nline {{{row}}}"} for row in range(3_000)]
    content = "\r\n".join(json.dumps(one, indent=2) for one in objects)
    assert [cells for cells, _ in read(content.encode(), name)] == objects


@pytest.mark.parametrize("size", [1_000, 3_000_000])
def test_elements_that_reach_over_what_is_read_at_once(size: int) -> None:
    objects = [{"id": str(row), "text": "é" * (size + row)} for row in range(4_000_000 // size)]
    assert [cells for cells, _ in read(json.dumps(objects).encode(), "a.json")] == objects


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"id,text\n1,a\n", "is not JSON"),
        ("a.json", b'{\n  "a": 1\n}\n{\n  "a": ', "breaks off after element 1"),
        ("a.jsonl", b'{\n  "a": 1\n},\n{\n  "a": 2\n}\n', "not valid JSON after element 1"),
        ("a.json", b"[1, 2, 3]", "no JSON objects"),
        ("a.json", b'["', "breaks off after element 0"),
        ("a.json", b"[", "breaks off after element 0"),
        ("a.jsonl", b"id,text\n1,a\n", "no JSON objects"),
    ],
)
def test_what_is_no_json_of_rows_is_refused(name: str, content: bytes, message: str) -> None:
    assert message in refusal(content, name)


# Each goes in the middle of a file of several windows, and must disturb neither itself nor what is around it.
DISTURBANCES = {
    "not a number": ('{"id": "x", "text": NaN}', ({"id": "x", "text": None}, None)),
    "half a letter": ('{"id": "x", "text": "\\ud800"}', ({"id": "x", "text": "\ufffd"}, None)),
    "a control character": ('{"id": "x", "text": "a\tb"}', ({"id": "x", "text": "a\tb"}, None)),
    "a huge number": (f'{{"id": "x", "text": {"9" * 5_000}}}', ({"id": "x", "text": "9" * 5_000}, None)),
    "an enormous exponent": (
        '{"id": "x", "text": 1e99999999999999999999}',
        ({"id": "x", "text": "1e99999999999999999999"}, None),
    ),
    "other types": ('{"id": 7, "text": [true, 1.50]}', ({"id": "7", "text": "[true,1.5]"}, None)),
    "other keys": ('{"text": "b", "id": "x"}', ({"id": "x", "text": "b"}, None)),
    "no object": ("17", ({"id": None, "text": None}, "is a number and not a JSON object")),
    "braces": ('{"id": "x", "text": "},{\\"id\\": 1},{"}', ({"id": "x", "text": '},{"id": 1},{'}, None)),
}


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_what_only_the_slow_way_reads_leaves_the_rest_as_it_is(name: str, disturbance: str) -> None:
    line, row = DISTURBANCES[disturbance]
    plain = [{"id": str(number), "text": f"Zürich }},{{ {number} " + "é" * 700} for number in range(3_000)]
    lines = [json.dumps(one, ensure_ascii=False) for one in plain]
    lines.insert(1_500, line)
    content = f"[{', '.join(lines)}]" if name == "a.json" else "\n".join(lines)
    rows: list[tuple[dict[str, str], str | None]] = [(one, None) for one in plain]
    assert read(content.encode(), name) == [*rows[:1_500], row, *rows[1_500:]]


def test_lines_stay_lines_where_values_do_not_keep_to_them() -> None:
    whole = [f'{{"id": {number}}}' for number in range(2_000)]
    rows = read("\n".join([*whole, '{"id":', '7} {"id": 8}', "", *whole]).encode(), "a.jsonl")
    problems = [number for number, (_, problem) in enumerate(rows) if problem]
    assert len(rows) == 4_002 and problems == [2_000, 2_001]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_line_without_measure_is_a_row_with_a_problem(ending: str) -> None:
    content = ending.join(['{"id": 1}', '{"id": "' + "x" * 70_000_000 + '"}', '{"id": 3}', '{"id": 4}'])
    rows = read(content.encode(), "a.jsonl")
    assert [cells["id"] for cells, _ in rows] == ["1", None, "3", "4"]
    assert [problem is not None and "is longer than" in problem for _, problem in rows] == [False, True, False, False]
