"""Which texts a spreadsheet program would take for a formula when it opens a file.

The signs are those of https://owasp.org/www-community/attacks/CSV_Injection; besides, programs skip white space, and
Japanese and Chinese editions read the full-width signs as well.

A number with a sign and nothing else, such as -12.50 or +5, is left as it is: a program computes nothing from it, and a column
of amounts stays one that can be added up. What only begins like one (+1 555 0100, +49(30)555010, -1*2) is a formula.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# One pattern for RE2 (Arrow) and for Python, which has no \p{Z} and \p{C}: the invisible characters are listed.
_INVISIBLE = (
    "\\x00-\\x20\\x7f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
)
_QUOTES = "\"'`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\uff02\uff07"
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_FORMULA = f"\\A(?:[\t\r\n]|[{_INVISIBLE}{_QUOTES}]*[{_SIGNS}])"
# -12.50, +3, -1,200.00, -5%, -1e5.
_NUMBER = r"\A[+-][0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]{1,3})?%?\z"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program might run this text."""
    formula, number = _patterns()
    return formula.match(text) is not None and number.match(text) is None


def are_formulas(texts: "pa.Array") -> "pa.BooleanArray":
    """The same for an array of strings, as an array of its length; null stays null."""
    import pyarrow.compute as pc

    formulas = pc.match_substring_regex(texts, _FORMULA)
    if not pc.any(formulas).as_py():
        return formulas
    return pc.and_not(formulas, pc.match_substring_regex(texts, _NUMBER))


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    # What RE2 calls \z is \Z to Python 3.11.
    return re.compile(_FORMULA), re.compile(_NUMBER.replace(r"\z", r"\Z"))
