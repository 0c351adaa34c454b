"""Texts in the signs that numbers and addresses are usually written in, so that one in others is found as well.

Typography and keyboards put other signs in their place: a narrow no-break space between the groups of a number (French), digits and an
`@` of full width (Japanese), digits of other scripts (Arabic), and marks without a width where a number was copied from (U+202A
before what Windows shows of a contact, U+200B or a soft hyphen in what comes from web pages).
"""

import sys
import unicodedata
from functools import lru_cache

_HYPHENS = "\u2010\u2011\u2012\u2212\ufe63\uff0d"
_INVISIBLE = frozenset(
    map(
        chr,
        (
            *(0xAD, 0x61C, 0x180E, 0xFEFF),
            *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)),
        ),
    )
)
# From U+FF01 on stand those of ASCII from U+0021 on, in full width.
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_ASCII = 0xFF01 - 0x21


def in_usual_signs(text: str) -> str:
    """The text with usual digits, letters, spaces and hyphens in the place of others: each place stays the same."""
    return text if text.isascii() else text.translate(_usual_signs())


def visible(text: str) -> tuple[str, list[int]] | None:
    """The text without the characters that show nothing, and the place of each of the others in it; None where all show."""
    if text.isascii() or _INVISIBLE.isdisjoint(text):
        return None
    places = [place for place, character in enumerate(text) if character not in _INVISIBLE]
    return "".join(text[place] for place in places), places


@lru_cache(maxsize=1)
def _usual_signs() -> dict[int, str]:
    usual = {code: chr(code - _TO_ASCII) for code in _FULL_WIDTH}
    for code in range(0x80, sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) == "Nd":
            usual[code] = str(unicodedata.decimal(character))
        elif unicodedata.category(character) == "Zs":
            usual[code] = " "
    return usual | {ord(hyphen): "-" for hyphen in _HYPHENS}
