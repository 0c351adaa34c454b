"""Numbers that look like telephone numbers and are not: dates, addresses of computers, fractions, sums of money."""

import re
from collections.abc import Iterator

from batch_classifier.redaction.spans import Span

_CURRENCY = r"(?:[€$£¥₹]|EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|INR|Euros?|euros?|dollars?|pounds?)"
_OTHER = re.compile(
    # Not within a longer number, nor where one goes on.
    r"(?<![0-9+])(?<![0-9][./-])(?:"
    # 192.168.10.200
    r"(?P<address>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})"
    # 2024-05-12, 2024-05-12T10:20:30, 12.05.2024, 5/12/24, 12. 5. 2024
    r"|(?P<date>[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}(?:\.|\. |[-/])[0-9]{1,2}(?:\.|\. |[-/])(?:[0-9]{4}|[0-9]{2}))"
    # 0.123456789
    r"|(?P<fraction>0[.,][0-9]{3,})"
    # $ 1,234.50, 1 234,50 EUR
    rf"|(?P<money>{_CURRENCY} ?[0-9]{{1,3}}(?:[.,' \u00a0]?[0-9]{{3}}){{0,5}}(?:[.,][0-9]{{1,2}})?|[0-9]{{1,3}}(?:[.,' \u00a0]?[0-9]{{3}}){{0,5}}(?:[.,][0-9]{{1,2}})? ?{_CURRENCY})"
    # 1.234.567,89
    r"|(?P<amount>[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,5}(?:,[0-9]{1,2})?|[1-9][0-9]{0,2}(?:[,'][0-9]{3}){1,5}(?:\.[0-9]{1,2})?)"
    r")(?![./-]?[0-9])"
)


def other_numbers(text: str) -> Iterator[Span]:
    """The spans of such numbers in a text."""
    at = 0
    while (found := _OTHER.search(text, at)) is not None:
        start, end = found.span()
        is_right = _is_right(found.lastgroup, found[0])
        if is_right:
            yield start, end
        at = end if is_right else start + 1


def _is_right(kind: str | None, number: str) -> bool:
    parts = [int(part) for part in re.findall(r"[0-9]+", number)]
    if kind == "address":
        return all(part < 256 for part in parts)
    if kind == "date":
        return _is_date(parts)
    return True


def _is_date(parts: list[int]) -> bool:
    year_first = parts[0] > 31
    one, two = (parts[1], parts[2]) if year_first else (parts[0], parts[1])
    return 1 <= min(one, two) <= 12 and 1 <= max(one, two) <= 31
