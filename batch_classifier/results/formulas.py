"""Which texts a spreadsheet program would take for a formula when it opens a file, and how they are made harmless in CSV.

The signs are those of https://owasp.org/www-community/attacks/CSV_Injection; besides, programs skip white space, and
Japanese and Chinese editions read the full-width signs as well.

A number with a sign and nothing else, such as -12.50 or +5, is left as it is: a program computes nothing from it, and a column
of amounts stays one that can be added up. What only begins like one (+1 555 0100, +49(30)555010, -1*2) is a formula.

The cells that a program finds in a CSV file need not be those that were written: where it splits at another delimiter than the
comma, as Excel does by the settings of the country, our quotes no longer keep a text together, and each of its parts is a cell.
So a sign is guarded inside a text too, where it follows a delimiter, a quote or a line break: `hello;=1+1;x` is written as
`hello;'=1+1;x`. Excel and LibreOffice break lines at CR and LF only; scripts that turn a CSV file into a workbook break them
at VT, FF, NEL, the separators of ASCII, U+2028 and U+2029 as well, as Python's `str.splitlines` does, so these count too. The space
and the colon, which no program splits at unless it is told to, are no delimiters here: `call: -not today` stays as it is.
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
_AMOUNT = r"[+-][0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]{1,3})?%?"
_NUMBER = rf"\A{_AMOUNT}\z"
# Where a program might end one cell and begin the next.
_DELIMITERS = ',;|\t\r\n\x0b\x0c\x1c-\x1f\x85\u2028\u2029"'
_INNER_FORMULA = f"([{_DELIMITERS}][{_INVISIBLE}{_QUOTES}]*)([{_SIGNS}])"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program might run this text."""
    formula, number = _patterns()
    return formula.match(text) is not None and number.match(text) is None


def guarded(text: str) -> str:
    """The text with a `'` before each sign that might begin a formula, at its start and inside it."""
    inner = _inner_patterns()[0].sub(_guarded_inside, text)
    return f"'{inner}" if is_formula(text) else inner


def guarded_array(texts: "pa.Array") -> "pa.Array":
    """The same for an array of strings; null stays null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Few texts have one, and only these are looked at one by one.
    suspects = pc.or_(are_formulas(texts), pc.match_substring_regex(texts, _INNER_FORMULA))
    places = pc.indices_nonzero(suspects)
    if not len(places):
        return texts
    changed = pa.array([guarded(text) for text in texts.take(places).to_pylist()], pa.string())
    return pc.replace_with_mask(texts, pc.fill_null(suspects, False), changed)


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


def _guarded_inside(found: re.Match[str]) -> str:
    before, sign = found.groups()
    return f"{before}'{sign}" if _inner_patterns()[1].search(before) else found[0]


@lru_cache(maxsize=1)
def _inner_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What may stand before a sign, and the sign; and a delimiter, which there must be one of.

    Such a run is looked at once, from its start, and nothing of it is given back: else a text of many line breaks would take time
    that grows with the square of its length.
    """
    # Python only: RE2 cannot look around.
    before = f"[{_DELIMITERS}{_INVISIBLE}{_QUOTES}]"
    amount = rf"(?>{_AMOUNT})[^\S{_DELIMITERS}]*+(?:[{_DELIMITERS}]|\Z)"
    return re.compile(f"(?<!{before})({before}++)(?!{amount})([{_SIGNS}])"), re.compile(f"[{_DELIMITERS}]")
