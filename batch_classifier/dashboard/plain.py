"""Foreign names where Streamlit would read Markdown: in labels, notices and captions. Texts themselves go where nothing is read into them."""

import re

from batch_classifier.insights.selection import NO_CLASS
from batch_classifier.wording import fit_markdown

# Beyond Markdown itself, Streamlit makes colours, icons and emoji of what stands between colons, and formulas of dollars.
_OF_STREAMLIT = re.compile(r"([:$])")
_LONGEST = 120


def label(name: str | None, longest: int = _LONGEST) -> str:
    """A class, a column, a file, a person, as a label shows it: as it is."""
    return _OF_STREAMLIT.sub(r"\\\1", fit_markdown(shown_class(name), longest))


def sentence(words: str) -> str:
    """A sentence with foreign names in it, such as an error's."""
    return _OF_STREAMLIT.sub(r"\\\1", fit_markdown(words))


def shown_class(name: str | None) -> str:
    """What people read for a class, also where there is none."""
    return "(no class)" if name in (None, NO_CLASS) else str(name)


def shown_name(name: str | None) -> str:
    """What people read for a status or a source of the tables, as in "no answer"."""
    return (name or "").replace("_", " ")
