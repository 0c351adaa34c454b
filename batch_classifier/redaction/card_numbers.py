"""Numbers of payment cards: 12 to 19 digits of a known issuer whose last one is right by Luhn's formula (ISO/IEC 7812)."""

import re
from collections.abc import Iterator

from stdnum import luhn

from batch_classifier.redaction.digit_groups import Group, groups_of
from batch_classifier.redaction.spans import Span

_RUN = re.compile(r"[0-9]{3,19}(?:[ ./_\t\r\n\u2013\u2014-]{1,3}[0-9]{3,19})*")
_LENGTHS = range(12, 20)
# The first digits of the issuers' numbers and how many digits these have: Visa, Mastercard, American Express, Discover,
# JCB, Diners Club, UnionPay, Maestro, Mir. One in ten numbers of any other kind would pass by its last digit alone.
_ISSUERS: tuple[tuple[range, tuple[int, ...]], ...] = (
    (range(400_000, 500_000), (13, 16, 19)),
    (range(510_000, 560_000), (16,)),
    (range(222_100, 272_100), (16,)),
    (range(340_000, 350_000), (15,)),
    (range(370_000, 380_000), (15,)),
    (range(601_100, 601_200), (16, 17, 18, 19)),
    (range(644_000, 660_000), (16, 17, 18, 19)),
    (range(352_800, 359_000), (16, 17, 18, 19)),
    (range(300_000, 306_000), (14, 16, 17, 18, 19)),
    (range(360_000, 370_000), (14, 16, 17, 18, 19)),
    (range(380_000, 400_000), (14, 16, 17, 18, 19)),
    (range(620_000, 630_000), (16, 17, 18, 19)),
    (range(500_000, 510_000), tuple(_LENGTHS)),
    (range(560_000, 600_000), tuple(_LENGTHS)),
    (range(630_000, 640_000), tuple(_LENGTHS)),
    (range(670_000, 680_000), tuple(_LENGTHS)),
    (range(220_000, 220_500), (16, 17, 18, 19)),
)


def find_card_numbers(text: str) -> Iterator[Span]:
    """The card numbers in a text, in groups or without."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() < _LENGTHS[0]:
            continue
        groups = groups_of(text, run.start(), run.end())
        first = 0
        while first < len(groups):
            last = _end_of_card(text, groups, first)
            if last is None:
                first += 1
            else:
                yield groups[first].start, groups[last].end
                first = last + 1


def _end_of_card(text: str, groups: list[Group], first: int) -> int | None:
    """The last group of the longest card number that begins with a group, or None."""
    start = groups[first].start
    if text[max(0, start - 1) : start] == "+" or (start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")):
        return None
    digits, ends = "", []
    for place in range(first, len(groups)):
        digits += groups[place].digits
        if len(digits) > _LENGTHS[-1]:
            break
        ends.append((place, digits))
    return next(
        (
            place
            for place, number in reversed(ends)
            if is_card_number(number)
            and not _is_cut(text, groups[place].end)
            # A line may break within a number; numbers on a line each are several.
            and text.count("\n", start, groups[place].end) <= 1
        ),
        None,
    )


def _is_cut(text: str, end: int) -> bool:
    return text[end : end + 1].isalnum() or text[end : end + 1] == "_"


def is_card_number(digits: str) -> bool:
    """Whether these digits are a card's: an issuer's, of its length, with the right check digit."""
    if len(digits) not in _LENGTHS:
        return False
    issuer = int(digits[:6])
    return any(issuer in issuers and len(digits) in lengths for issuers, lengths in _ISSUERS) and luhn.is_valid(digits)
