"""Days that people and programs write: read where there is one reading, and told where there is none or more."""

import datetime

import pyarrow as pa
import pytest

from batch_classifier.requests.text_dates import (
    AMBIGUOUS,
    NO_COLUMN,
    NO_DATE,
    NO_SUCH_DAY,
    SHORT_YEAR,
    UNREADABLE,
    Order,
    TextDates,
    read_date,
)

DAY = datetime.date(2026, 5, 4)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-05-04",
        " 2026-5-4 ",
        "2026/05/04",
        "2026.05.04",
        "20260504",
        "2026-05-04T23:59:59Z",
        "2026-05-04T23:59:59.123456+02:00",
        "20260504T101500Z",
        "2026-05-04 10:15",
        "2026-05-04 10:15:00 UTC",
        "2026-05-04 10:15:00+00",
        "4.5.2026",
        "04.05.2026 10:15",
        "4. 5. 2026",
        "4 May 2026",
        "04-May-2026",
        "May 4, 2026",
        "May 4th 2026, 10:15 pm",
        "Mon, 4 May 2026 10:15:00 +0000",
        "Mon, 04 May 2026 10:15:00 GMT (summer time)",
        "Monday, May 4, 2026 10 AM",
        "4 MAY 2026",
    ],
)
def test_what_is_read(cell: str) -> None:
    assert read_date(cell) == DAY


@pytest.mark.parametrize(
    ("cell", "order", "found"),
    [
        ("4/5/2026", None, AMBIGUOUS),
        ("04-05-2026", None, AMBIGUOUS),
        ("4/5/2026", "day_first", DAY),
        ("5/4/2026 10:15 AM", "month_first", DAY),
        ("5/5/2026", None, datetime.date(2026, 5, 5)),
        ("13/5/2026", None, datetime.date(2026, 5, 13)),
        ("5/13/2026", None, datetime.date(2026, 5, 13)),
        # Read as the prompt says, or not at all.
        ("5/13/2026", "day_first", NO_SUCH_DAY),
        ("13/14/2026", None, NO_SUCH_DAY),
    ],
)
def test_what_comes_first(cell: str, order: Order | None, found: object) -> None:
    assert read_date(cell, order) == found


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("", NO_DATE),
        (" \n", NO_DATE),
        ("04.05.26", SHORT_YEAR),
        ("4/5/26 10:15", SHORT_YEAR),
        ("2026-02-30", NO_SUCH_DAY),
        ("0000-01-01", NO_SUCH_DAY),
        ("yesterday", UNREADABLE),
        ("46146", UNREADABLE),
        ("1777888800", UNREADABLE),
        ("2026-05", UNREADABLE),
        ("2026-05/04", UNREADABLE),
        ("2026-05-041015", UNREADABLE),
        ("32 Mai 2026", UNREADABLE),
        ("4 May 2026 or so", UNREADABLE),
        ("٤.٥.٢٠٢٦x", UNREADABLE),
    ],
)
def test_what_is_not_read_is_told(cell: str, problem: str) -> None:
    assert read_date(cell) == problem


def test_a_column_is_read_and_counted() -> None:
    dates = TextDates("called_on")
    read = dates.of(pa.array(["2026-05-04", None, "soon", "soon", "1" * 1_000_000]), 5)
    assert read.dates.to_pylist() == [DAY, None, None, None, None]
    assert read.problems.to_pylist() == [None, NO_DATE, UNREADABLE, UNREADABLE, UNREADABLE]
    assert dates.of(None, 2).problems.to_pylist() == [NO_COLUMN] * 2
    assert dates.problems == {NO_DATE: 1, UNREADABLE: 3, NO_COLUMN: 2}
    without = TextDates(None).of(None, 2)
    assert without.dates.null_count == without.problems.null_count == 2
