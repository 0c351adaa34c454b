"""Which columns of a file come back in a workbook as more than text: those whose values look there as they stood in the file."""

import datetime
from typing import Any

import pytest

from batch_classifier.results.cell_kinds import ColumnKind, Kind, SeenValues


def kind_of(*values: str | None) -> ColumnKind:
    seen = SeenValues()
    for value in values:
        seen.see(value)
    return seen.kind


@pytest.mark.parametrize(
    ("values", "number_format", "numbers"),
    [
        (["1234.5", "-3", "0.25"], "General", [1234.5, -3, 0.25]),
        (["12.50", "3.00", "1234.99"], "0.00", [12.5, 3.0, 1234.99]),
        (["4711", "123456789012345", "0"], "0", [4711, 123456789012345, 0]),
        (["1.5", None, "", "n/a", "2.25"], "General", [1.5, None, "", "n/a", 2.25]),
        (["0.125", "1.234"], "0.000", [0.125, 1.234]),
    ],
)
def test_numbers(values: list[str | None], number_format: str, numbers: list[Any]) -> None:
    kind = kind_of(*values)
    assert (kind.kind, kind.number_format) == (Kind.NUMBER, number_format)
    assert [kind.value(value) for value in values] == numbers


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["00123", "4711"], id="leading zeros are part of an id"),
        pytest.param(["4711", "1234567890123456"], id="more digits than Excel keeps"),
        pytest.param(["0.1234567890123456"], id="likewise behind the point"),
        pytest.param(["1.9", "1.10"], id="versions"),
        pytest.param(["12", "12.50"], id="would lose its zero"),
        pytest.param(["1.234", "12.345"], id="may be thousands"),
        pytest.param(["1.5", "1.234,50"], id="a decimal comma"),
        pytest.param(["1,5", "2,5"], id="only commas"),
        pytest.param(["4711", "+49 30 123456"], id="telephone numbers"),
        pytest.param(["1", "1e5"], id="an exponent"),
        pytest.param(["1", "-0"], id="a zero with a sign"),
        pytest.param(["1", "a", "b"], id="mostly words"),
        pytest.param(["12.03.2026"], id="a date of one country"),
        pytest.param(["1899-12-31", "1900-02-28"], id="days that Excel has wrong"),
        pytest.param(["2026-13-01"], id="no day"),
        pytest.param(["2026-03-01T10:00:00+01:00"], id="a time zone"),
        pytest.param(["yes", "no"], id="words"),
        pytest.param(["NaN", "inf"], id="no numbers of Excel"),
        pytest.param([None, ""], id="nothing"),
        pytest.param(["a"] * 1_000 + ["1"] * 2_000, id="words at first"),
    ],
)
def test_what_stays_text(values: list[str | None]) -> None:
    kind = kind_of(*values)
    assert kind.kind is Kind.TEXT and [kind.value(value) for value in values] == values


def test_dates_and_booleans() -> None:
    days, times = kind_of("2026-03-01", "2026-12-31", "soon"), kind_of("2026-03-01T10:00:00", "2026-03-01 10:00:00.5")
    assert (days.number_format, times.number_format) == ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss.000")
    assert days.value("2026-03-01") == datetime.date(2026, 3, 1) and days.value("soon") == "soon"
    assert times.value("2026-03-01 10:00:00.5") == datetime.datetime.fromisoformat("2026-03-01T10:00:00.500")
    booleans = kind_of("TRUE", "false", "?")
    assert [booleans.value(one) for one in ("TRUE", "false", "?")] == [True, False, "?"]
