"""The names of a file's columns in sentences: a few, and shortened, for what stands in their place may be a customer's text."""

import re
from collections.abc import Sequence

from batch_classifier.wording import fit_line

LONGEST_NAME = 40
MOST_NAMES = 10
_MOST_WORDS = 7
# Numbers, dates, times, sums of money, telephone numbers.
_NUMBER = re.compile(r"[\s\d.,:;/+()€$£%#-]*\d[\s\d.,:;/+()€$£%#-]*")
_SECOND_OF_A_NAME = re.compile(r"(.+)_\d+", re.DOTALL)


def some_names(names: Sequence[str]) -> str:
    """The first `MOST_NAMES` names in quotes, each with at most `LONGEST_NAME` characters, and how many there are more."""
    shown = ", ".join(f"'{fit_line(name, LONGEST_NAME)}'" for name in names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES:,} more"


def looks_like_data(names: Sequence[str]) -> bool:
    """Tell whether what should be a header is a row of data: long texts, numbers, addresses, or the same twice."""
    known = set(names)
    return any(
        len(name) > LONGEST_NAME * 2
        or len(name.split()) > _MOST_WORDS
        or "@" in name
        or _NUMBER.fullmatch(name)
        # The readers call the second of two alike so.
        or ((repeated := _SECOND_OF_A_NAME.fullmatch(name)) is not None and repeated[1] in known)
        for name in names
    )
