"""International bank account numbers, right by their check digits (ISO 13616, mod 97) and by their country's length and form."""

import re
from collections.abc import Iterator

import phonenumbers
from stdnum import iban

from batch_classifier.redaction.spans import Span

_START = re.compile(r"(?:(?<![^\W_])|(?<=IBAN)|(?<=Iban)|(?<=iban))[A-Za-z]{2} ?[0-9]{2}")
_REST = re.compile(r"(?:[ ./\t\r\n-]{0,2}[A-Za-z0-9])*")
# Kosovo has account numbers and no code of its own in ISO 3166.
_COUNTRIES = {*phonenumbers.SUPPORTED_REGIONS, "XK"}
_SHORTEST, _LONGEST = 15, 34
# With two characters between any two of its own.
_ROOM = _LONGEST * 3


def find_ibans(text: str) -> Iterator[Span]:
    """The account numbers in a text, in groups or without, in upper or lower case."""
    done = 0
    for found in _START.finditer(text):
        start = found.start()
        if start < done or found[0][:2].upper() not in _COUNTRIES:
            continue
        end = _end_of_iban(text[start : start + _ROOM + 1])
        if end is not None:
            done = start + end
            yield start, done


def _end_of_iban(text: str) -> int | None:
    """Where the account number ends that a text begins with, or None."""
    rest = _REST.match(text)
    places = [place for place in range(rest.end() if rest else 0) if text[place].isalnum()]
    number = "".join(text[place] for place in places)
    for length in range(min(len(number), _LONGEST), _SHORTEST - 1, -1):
        last = places[length - 1] + 1
        # It ends with a word, not within one.
        if not text[last : last + 1].isalnum() and _is_right(number[:length]):
            return last
    return None


def _is_right(number: str) -> bool:
    # The check digits first: the library takes ten times as long to say no.
    remainder = int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97
    return remainder == 1 and iban.is_valid(number)
