"""How a value that is not text (a number, a date, a list) is written in a cell."""

import json
import math
from datetime import date, datetime, time
from decimal import Decimal

# 1e400 is written out in digits; 1e999999999 is not.
LONGEST_EXPONENT = 1_000


def cell_text(value: object) -> str | None:
    """Return a value of a workbook, JSON or Parquet file as the text of a cell.

    Whole numbers have no decimal point and no exponent (3.0 is "3"), dates are ISO 8601, booleans "true" and "false",
    lists and objects compact JSON. None and NaN are missing: None.

    Raises:
        RecursionError: lists or objects are nested too deeply.
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return None if math.isnan(value) else _decimal_text(Decimal(repr(value)))
        case Decimal():
            return None if value.is_nan() else _decimal_text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_nested_value)
        case _:
            return str(value)


def _decimal_text(number: Decimal) -> str:
    """Return the number in digits; trailing zeros go when nothing else is behind the point."""
    if not number.is_finite() or abs(number.adjusted()) > LONGEST_EXPONENT:
        return str(number)
    text = format(number, "f")
    whole, point, fraction = text.partition(".")
    return whole if point and not fraction.strip("0") else text


def _nested_value(value: object) -> object:
    """Return a form that JSON knows for a value inside a list or an object."""
    if isinstance(value, Decimal) and math.isfinite(number := float(value)):
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return cell_text(value)
